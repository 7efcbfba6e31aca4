"""Images of specifications on the stand-ins, ready to be published or built."""

from __future__ import annotations

import subprocess
import sys
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
from tests.engine.example import ROOT
from tests.patience import PATIENCE_S


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
    path = directory / "optimizer.lock"
    images = [word for image in (runtime, *others) for word in ("--image", image)]
    argv = [sys.executable, "-m", "optimizer", "pin", "--mirror", registry, "--lock", str(path), *images]
    subprocess.run(argv, cwd=ROOT, capture_output=True, check=True, timeout=PATIENCE_S)
    project = Project(directory)
    lock = replace(Lock.parse(path.read_text(encoding="utf-8")), packing=packing)
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
