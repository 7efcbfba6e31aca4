"""The Dockerfile of the command line, built for real on a stand-in of its base, and run as a CI system runs it."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimizer.version import VERSION
from tests.cli.test_lint import BAD, GOOD
from tests.engine.standins import common_image
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
# As the official image: an interpreter called python, and apt.
BASE = """\
FROM {debian}
RUN apt-get update && apt-get install --yes --no-install-recommends python3 python3-venv && \\
    rm -rf /var/lib/apt/lists/* && ln -s python3 /usr/bin/python
"""


def docker(*words: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *words], input=text, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


@pytest.fixture(scope="module")
def image(engine: None) -> Iterator[str]:
    run = f"command-line-{uuid.uuid4().hex[:12]}"
    try:
        base = docker("build", "--quiet", "--tag", f"{run}:base", "-", text=BASE.format(debian=common_image()))
        assert base.returncode == 0, base.stderr
        built = docker("build", "--quiet", "--build-arg", f"PYTHON={run}:base", "--tag", f"{run}:made", str(ROOT))
        assert built.returncode == 0, built.stderr
        yield f"{run}:made"
    finally:
        docker("image", "rm", "--force", f"{run}:made", f"{run}:base")


def job(image: str, project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in a checkout that belongs to another user than the image's, without a network."""
    return docker("run", "--rm", "--network=none", "--volume", f"{project}:/work", image, *words)


def test_runs_the_command_line_as_no_root(image: str, tmp_path: Path) -> None:
    """Requirement: "a container image of the command line for GitLab and CodeBuild"."""
    for name, text in {"good/Dockerfile": GOOD, "bad/Dockerfile": BAD}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text, encoding="utf-8")
    tmp_path.chmod(0o755)
    told = job(image, tmp_path, "optimizer", "--version")
    assert (told.returncode, told.stdout) == (0, f"optimizer {VERSION}\n"), told.stderr
    assert job(image, tmp_path, "optimizer", "lint", "good").returncode == 0
    bad = job(image, tmp_path, "optimizer", "lint", ".")
    assert (bad.returncode, "LIO602" in bad.stdout) == (1, True), bad.stdout + bad.stderr
    # How GitLab's runner starts a job: by a shell, as no entrypoint is in the way.
    shell = job(image, tmp_path, "sh", "-c", "id -u; for name in optimizer optimizer-docker git; do command -v $name; done")
    assert shell.stdout.split() == ["1000", "/opt/optimizer/bin/optimizer", "/opt/optimizer/bin/optimizer-docker", "/usr/bin/git"]


def test_reads_the_history_of_a_checkout_of_another_user(image: str, tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "--quiet"], ["commit", "--quiet", "--allow-empty", "--message", "first"]):
        subprocess.run([*git, *words], check=True, timeout=PATIENCE_S)
    tmp_path.chmod(0o755)
    told = job(image, tmp_path, "git", "log", "--format=%s")
    assert (told.returncode, told.stdout) == (0, "first\n"), told.stderr


def test_has_what_audit_and_ecr_need(image: str, tmp_path: Path) -> None:
    assert job(image, tmp_path, "/opt/optimizer/bin/python", "-c", "import boto3").returncode == 0
