"""What would be built of a specification, for the rules: its plan, and the Dockerfile that is rendered of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from optimizer.adapters.tree import Source
from optimizer.bases.mirror import Mirror
from optimizer.config.settings import Settings
from optimizer.errors import Fault, OptimizerError
from optimizer.linting.finding import Location
from optimizer.linting.subjects import DockerfileSubject

if TYPE_CHECKING:
    from optimizer.model.plan import BuildPlan
    from optimizer.project.files import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecDockerfile:
    """A plan, the text of its Dockerfile, and the bytes of its packed files by their stages."""

    plan: BuildPlan
    text: str
    archives: Mapping[str, int]


def packed_sizes(plan: BuildPlan, project: Project) -> dict[str, int]:
    """The bytes of the stages that only hold files of the project, by their names."""
    return {name: project.size_bytes(packed.files.source, packed.files.exclude) for name, packed in plan.packed().items()}


LoadSpec = Callable[[str, Mirror], SpecDockerfile]
"""Reads the file of a specification; raises :class:`OptimizerError` for what ``optimizer plan`` refuses."""


def load_spec_dockerfile(settings: Settings, path: str, mirror: Mirror) -> SpecDockerfile:
    """What would be built of a file, by the settings of its project; raises :class:`OptimizerError`."""
    # Imported here, because most runs of the rules meet no specification.
    from optimizer.builders.docker.render import render
    from optimizer.model.spec import ImageSpec
    from optimizer.planning.defaults import with_defaults
    from optimizer.planning.plan import plan
    from optimizer.project.files import Project

    spec = with_defaults(ImageSpec.load(path), settings.defaults)
    project = Project(settings.root)
    made = plan(spec, settings.load_lock(), project, mirror=mirror, tools=settings.tools)
    return SpecDockerfile(plan=made, text=render(made), archives=packed_sizes(made, project))


def load_spec(path: str, mirror: Mirror, load: LoadSpec) -> Source:
    """A specification as the rules judge it, by the image that would be built of it; findings are shown at its file.

    Raises :class:`OptimizerError`, with every fault placed in the file.
    """
    try:
        made = load(path, mirror)
    except OptimizerError as error:
        raise OptimizerError([_in_file(fault, path) for fault in error.faults]) from None
    subject = DockerfileSubject.of(made.text, path, mirror=mirror, arguments={}, architecture=made.plan.architecture, for_lambda=True)
    return Source(subjects=(replace(subject, plan=made.plan, archives=made.archives, place=Location(path=path)),))


def _in_file(fault: Fault, path: str) -> Fault:
    return fault if fault.place.startswith(path) else Fault(fault.message, f"{path}: {fault.place}" if fault.place else path, fault.hint)
