"""A name that a layer takes for a deletion ends the build, in the language of every family of bases.

The engine that builds keeps such a file as it is; the machine that unpacks the pushed layer deletes its neighbour.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from optimizer import Command, ImageSpec, plan
from optimizer.bases.mirror import Mirror
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.project.files import Project
from tests.engine.planned import pinned
from tests.patience import PATIENCE_S


@pytest.mark.parametrize("runtime", ["python3.13", "nodejs22.x", "ruby3.3", "provided.al2023"])
def test_a_command_that_writes_one_fails_with_its_path(runtime: str, registry: str, tmp_path: Path) -> None:
    lock = pinned(registry, tmp_path / "optimizer.lock", runtime)
    make = Command([["mkdir", "-p", "/layer/tree/opt"], ["touch", "/layer/tree/opt/x", "/layer/tree/opt/.wh.x"]], name="make")
    project = Project(tmp_path)
    made = build_context(plan(ImageSpec(runtime=runtime, steps=[make]), lock, root=tmp_path, mirror=Mirror.parse(registry)), project)
    argv = ["docker", "build", "--progress", "plain", "--network", "none", str(stage_context(made, project, tmp_path / "staged"))]
    result = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert result.returncode != 0
    expected = "/layer/tree/opt/.wh.x: a name that starts with .wh. deletes a file of the image instead of adding one; rename or remove it"
    assert expected in result.stderr
