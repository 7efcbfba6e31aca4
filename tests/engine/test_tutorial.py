"""``docs/tutorial-*.md``: their commands run one after another, as a new user would, and print what the pages show."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.engine.sam_cli import deploying, programs
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
DOCKER_SHIM = Path(__file__).parent / "docker_shim"
REPOSITORY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"


def steps(name: str) -> Iterator[tuple[list[str], str]]:
    """The words of each command of a page, and what is shown of its output."""
    page = (ROOT / "docs" / f"tutorial-{name}.md").read_text(encoding="utf-8")
    for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL):
        for part in block.removeprefix("$ ").split("\n$ "):
            command, _, shown = part.rstrip("\n").partition("\n")
            yield shlex.split(command), f"{shown}\n" if shown else ""


def follow(name: str, directory: Path, registry: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Run the commands of a page one after another; gives what each printed, by its first two words."""
    printed = {}
    for words, shown in steps(name):
        if words[0] == "cd":
            directory /= words[1]
            continue
        extra = {}
        if "=" in words[0]:
            variable, _, value = words.pop(0).partition("=")
            assert (variable, value) == ("CDK_DOCKER", "optimizer-docker")
            # It stands between the app and the registry of this machine, which it gives the names of AWS's.
            extra = {variable: str(DOCKER_SHIM)}
        argv = [word.replace(REPOSITORY, registry) for word in words]
        if argv[0] == "optimizer":
            argv = [sys.executable, "-m", *argv]
            # The stand-ins are those of one runtime, and the bases of AWS are not in reach.
            argv += ["--runtime", "python3.13", "--mirror", registry] if words[1] == "new" else []
        elif argv[0] == "python":
            argv[0] = sys.executable
        elif argv[0] == "sam":
            argv[0] = str(programs() / "sam")
        elif argv[0] == "cdk":
            argv.append("--no-notices")
        variables = {**os.environ, **environment, **extra}
        done = subprocess.run(argv, cwd=directory, env=variables, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        # The control plane of the tests does not answer all that an audit asks, and says so.
        allowed = (0, 1) if words == ["optimizer", "audit"] else (0,)
        assert done.returncode in allowed, (words, done.stdout, done.stderr)
        if shown:
            assert done.stdout == shown, words
        printed[" ".join(words[:2])] = done.stdout + done.stderr
    return printed


def test_the_one_for_cdk(registry: str, control_plane: dict[str, str], tmp_path: Path) -> None:
    """Requirement: "each step's output pasted into the tutorial by the test that runs it"."""
    environment = {
        **control_plane,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "CDK_DISABLE_CLI_TELEMETRY": "1",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "OPTIMIZER_TEST_REGISTRY": registry,
        "OPTIMIZER_TEST_DOCKER_LOG": str(tmp_path / "log"),
        "OPTIMIZER_TEST_DOCKER": f"{sys.executable} -m optimizer.docker_program",
    }
    printed = follow("cdk", tmp_path, registry, environment)
    assert "bookstore-images" in printed["optimizer audit"]
    assert "optimizer plan" in printed and "cdk deploy" in printed


@pytest.mark.usefixtures("hello_images")
def test_the_one_for_sam(registry: str, control_plane: dict[str, str], tmp_path: Path) -> None:
    """Requirement: "a tutorial each for CDK and SAM from nothing"."""
    with deploying(control_plane, registry) as environment:
        settings = {"PYTHONPATH": str(ROOT), "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-central-1"}
        printed = follow("sam", tmp_path, registry, {**environment, **settings})
    assert "Successfully created/updated stack - bookshelf" in printed["sam deploy"]
    assert f"{registry}/bookshelf:" in (tmp_path / "bookshelf" / "template.packaged.yaml").read_text(encoding="utf-8")
