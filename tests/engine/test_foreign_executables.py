"""A program of the build machine in an image for the other one, found in the engine and in an archive."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
OURS, OTHER = ("arm64", "amd64") if platform.machine() == "aarch64" else ("x86_64", "arm64")
NAME = "optimizer-test-foreign:1"
DOCKERFILE = """FROM scratch
COPY app.py /var/task/app.py
COPY true /var/task/bin/true
COPY true /var/task/bin/hidden
COPY app.py /var/task/bin/hidden
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image for the other architecture with the machine's own program, twice, of which a later layer hides one; nothing has to run."""
    context = tmp_path_factory.mktemp("foreign")
    program = shutil.which("true")
    assert program is not None
    shutil.copy(program, context / "true")
    (context / "app.py").write_text("X = 1\n")
    (context / "Dockerfile").write_text(DOCKERFILE)
    built = run("docker", "build", "--quiet", "--platform", f"linux/{OTHER}", "--tag", NAME, str(context))
    assert built.returncode == 0, built.stderr
    try:
        yield NAME
    finally:
        run("docker", "rmi", "--force", NAME)


def findings(*arguments: str) -> list[dict[str, str]]:
    result = run(sys.executable, "-m", "optimizer", "lint", *arguments, "--select", "LIO664", "--format", "json")
    assert result.returncode == 1, result.stderr
    return list(json.loads(result.stdout)["findings"])


def test_it_is_found_in_the_engine_with_its_path_and_its_layer(image: str) -> None:
    """Requirement: "one foreign executable is a finding with its path"."""
    (finding,) = findings("--image", image)
    own = {"amd64": "x86_64", "arm64": "arm64"}[OTHER]
    assert finding["message"].startswith("layer 2 (COPY true /var/task/bin/true")
    assert finding["message"].endswith(f"holds 1 executable or library for {OURS} in an image for {own}: var/task/bin/true")


def test_it_is_found_in_an_archive(image: str, tmp_path: Path) -> None:
    saved = run("docker", "save", "--output", str(tmp_path / "image.tar"), image)
    assert saved.returncode == 0, saved.stderr
    (finding,) = findings(str(tmp_path / "image.tar"))
    assert "var/task/bin/true" in finding["message"]
    assert finding["path"] == str(tmp_path / "image.tar")
