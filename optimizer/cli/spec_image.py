"""The image of a specification, to be assembled without a build of its Dockerfile."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from optimizer.builders.docker.context import BuildContext, build_context, stage_context
from optimizer.builders.docker.kept import kept_plan
from optimizer.builders.docker.render import Profile
from optimizer.cli.planned import plan_spec
from optimizer.model.build import BuildOptions
from optimizer.model.plan import BuildPlan
from optimizer.model.reference import ImageReference
from optimizer.planning.document import KeptPlan
from optimizer.project.files import Project
from optimizer.publishing.images import PublishImage


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecImage:
    """The plan of a specification, and its build context, not yet written; ``name`` is the path of the file."""

    name: str
    plan: BuildPlan
    project: Project
    context: BuildContext

    @property
    def tag(self) -> str:
        """The digest of the build context, which is what CDK tags the same image with."""
        return self.context.digest

    @property
    def kept(self) -> KeptPlan:
        """The plan as it is kept beside the context."""
        return kept_plan(self.plan, self.context, self.project)

    @contextmanager
    def staged(self, destinations: Sequence[ImageReference] = ()) -> Iterator[PublishImage]:
        """The image under some names, as long as its build context is there."""
        with tempfile.TemporaryDirectory(prefix="optimizer-build-") as directory:
            yield PublishImage(
                name=self.name,
                kept=self.kept,
                directory=stage_context(self.context, self.project, directory),
                destinations=tuple(destinations),
                options=BuildOptions(platform=self.context.platform, secrets=self.context.secret_sources(str(self.project.root))),
            )


def spec_image(
    spec: Path, *, root: Path | None, lock: Path | None, mirror: str | None, profile: Profile = Profile.BUILDKIT, output: Path | None = None
) -> SpecImage:
    """The image of a file; the options are those of :func:`plan_spec`, and ``profile`` is the builder that its Dockerfile is for.

    Raises :class:`OptimizerError`.
    """
    made, project = plan_spec(spec, root=root, lock=lock, mirror=mirror, output=output)
    return SpecImage(name=str(spec), plan=made, project=project, context=build_context(made, project, profile))
