"""Node.js packages for another architecture than the engine's: every program in the layers is for the image's own."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import pytest

from optimizer import ImageSpec, NodeDependencies, plan
from optimizer.bases.mirror import Mirror
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.project.files import Project
from tests.engine.planned import pinned
from tests.engine.test_cross import MACHINES, machines

PROJECTS = Path(__file__).parent / "projects" / "node-native"
ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="nothing runs in the stand-ins for arm64")
@pytest.mark.parametrize("name", ["package-lock.json", "pnpm-lock.yaml"])
def test_packages_for_arm64_hold_no_program_of_the_builder(name: str, registry: str, tmp_path: Path) -> None:
    """esbuild's install script puts the builder's program in place of its own, and exits with 0; crc32 has one package per C library."""
    lock = pinned(registry, tmp_path / "optimizer.lock", "public.ecr.aws/lambda/nodejs:22")
    spec = ImageSpec(runtime="nodejs22.x", architecture="arm64", steps=[NodeDependencies(name, scripts=False)])
    made = plan(spec, lock, root=PROJECTS, mirror=Mirror.parse(registry))
    assert not any(stage.on_target for stage in made.stages)
    project = Project(PROJECTS)
    context = build_context(made, project)
    directory = stage_context(context, project, tmp_path)
    argv = ["docker", "build", "--quiet", "--network", "host", "--platform", context.platform, str(directory)]
    result = subprocess.run(argv, capture_output=True, text=True, timeout=600, check=False)
    assert result.returncode == 0, result.stderr
    assert machines(result.stdout.strip(), 1, tmp_path) == [{MACHINES["arm64"]}]
