"""Images of specifications on the stand-ins, ready to be published or built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from optimizer import ImageSpec, Lock, plan
from optimizer.bases.mirror import Mirror
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.builders.docker.kept import kept_plan
from optimizer.model.build import BuildOptions
from optimizer.model.packing import Packing
from optimizer.model.reference import ImageReference
from optimizer.model.steps import Step
from optimizer.project.files import Project
from optimizer.publishing.images import PublishImage
from tests import forked
from tests.engine.example import ROOT


def pinned(registry: str, path: Path, *images: object) -> Lock:
    """The lock of the images in the registry, which is written to the path."""
    words = [word for image in images for word in ("--image", str(image))]
    result = forked.run("optimizer", "pin", "--mirror", registry, "--lock", str(path), *words, cwd=ROOT)
    assert result.returncode == 0, result.stderr
    return Lock.parse(path.read_text(encoding="utf-8"))


def planned_image(
    registry: str,
    directory: Path,
    *steps: Step,
    runtime: str = "nodejs22.x",
    architecture: str = "x86_64",
    others: Sequence[str] = (),
    destinations: Sequence[str] = (),
    packing: Packing = Packing(),
) -> PublishImage:
    """The image of a specification of a project, whose base and ``others`` are pinned; builds have the host's network."""
    project = Project(directory)
    lock = replace(pinned(registry, directory / "optimizer.lock", runtime, *others), packing=packing)
    spec = ImageSpec(runtime=runtime, architecture=architecture, steps=list(steps))
    made = plan(spec, lock, root=directory, mirror=Mirror.parse(registry))
    context = build_context(made, project)
    return PublishImage(
        name="image",
        kept=kept_plan(made, context, project),
        directory=stage_context(context, project, directory.parent / f"{directory.name}-staged"),
        destinations=tuple(map(ImageReference.parse, destinations)),
        options=BuildOptions(platform=made.platform, network="host", secrets=context.secret_sources(str(directory))),
    )
