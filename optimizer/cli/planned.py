"""A specification, planned with the settings of the project that a command runs in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from optimizer.bases.mirror import Mirror
from optimizer.builders.docker.programs import programs_of_steps
from optimizer.config.settings import load_settings
from optimizer.errors import OptimizerError
from optimizer.model.plan import BuildPlan
from optimizer.model.spec import ImageSpec, in_spec_file
from optimizer.planning.defaults import with_defaults
from optimizer.planning.microvm import check_microvm, microvm_warnings
from optimizer.planning.plan import plan
from optimizer.planning.runtime_image import runtime_specs, runtime_warnings
from optimizer.project.files import Project


def plan_spec(
    spec: Path, *, root: Path | None, lock: Path | None, mirror: str | None, output: Path | None = None
) -> tuple[BuildPlan, Project]:
    """The plan of the file and the project that it reads, after the warnings were shown.

    ``root``, ``lock`` and ``mirror`` are the options of that name; ``output``
    is a directory that is no part of the project.
    """
    (made,), project = _plans(spec, [ImageSpec.load(spec)], root, lock, mirror, output)
    return made, project


def plan_runtime(spec: Path, *, root: Path | None, lock: Path | None, mirror: str | None) -> tuple[tuple[BuildPlan, ...], Project]:
    """The same for the image of a customer-managed runtime: one plan for each architecture."""
    loaded = ImageSpec.load(spec)
    with _placed_in(spec):
        specs = runtime_specs(loaded)
    plans, project = _plans(spec, specs, root, lock, mirror, None)
    for warning in runtime_warnings(loaded):
        click.echo(f"warning: {warning}", err=True)
    return plans, project


def plan_microvm(
    spec: Path, entrypoint: Sequence[str], *, root: Path | None, lock: Path | None, mirror: str | None, output: Path | None = None
) -> tuple[BuildPlan, Project]:
    """The same as :func:`plan_spec` for an image that AWS builds for a MicroVM."""
    settings = load_settings(".", root=root, lock=lock)
    loaded = with_defaults(ImageSpec.load(spec), settings.defaults)
    with _placed_in(spec):
        check_microvm(loaded, entrypoint)
    (made,), project = _plans(spec, [loaded], root, lock, mirror, output)
    for warning in microvm_warnings(loaded, made, entrypoint, programs_of_steps(made)):
        click.echo(f"warning: {warning}", err=True)
    return made, project


@contextmanager
def _placed_in(spec: Path) -> Iterator[None]:
    """Places faults of the specification in its file: several may be asked about at once."""
    try:
        yield
    except OptimizerError as error:
        raise type(error)([in_spec_file(fault, spec) for fault in error.faults]) from None


def _plans(
    file: Path, specs: Sequence[ImageSpec], root: Path | None, lock: Path | None, mirror: str | None, output: Path | None
) -> tuple[tuple[BuildPlan, ...], Project]:
    settings = load_settings(".", root=root, lock=lock)
    project = Project(settings.root, output=output)
    locked = settings.load_lock()
    places = Mirror.parse(mirror) if mirror is not None else settings.mirror
    with _placed_in(file):
        plans = tuple(plan(with_defaults(spec, settings.defaults), locked, project, mirror=places, tools=settings.tools) for spec in specs)
    for warning in dict.fromkeys(warning for made in plans for warning in made.warnings):
        click.echo(f"warning: {warning}", err=True)
    return plans, project
