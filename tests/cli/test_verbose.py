"""``--verbose``: every command has it, and it says on standard error alone what is asked of whom."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from optimizer.cli.main import optimizer
from tests.adapters.registry_server import serving

ROOT = Path(__file__).parents[2]
COMMANDS = optimizer.list_commands(click.Context(optimizer))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_it(name: str) -> None:
    """Requirement: "`--verbose` for every command"."""
    command = optimizer.get_command(click.Context(optimizer), name)
    assert command is not None
    (option,) = [parameter for parameter in command.params if parameter.name == "verbose"]
    assert option.opts == ["--verbose", "-v"]


def lint(*more: str, **variables: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "optimizer", "lint", ".", "--select", "LIO602", *more]
    return subprocess.run(argv, env={**os.environ, "PYTHONPATH": str(ROOT), **variables}, capture_output=True, text=True, check=False)


def test_it_says_on_standard_error_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "says what is asked of whom and how long it took"."""
    monkeypatch.chdir(tmp_path)
    Path("Dockerfile").write_text("FROM public.ecr.aws/lambda/python:3.13\nUSER 1\n")
    plain, verbose = lint(), lint("--verbose", MY_TOKEN="Dockerfile-of-mine")
    assert (verbose.stdout, verbose.returncode) == (plain.stdout, plain.returncode)
    assert plain.stderr == ""
    said = [line.partition(" s  ")[2] for line in verbose.stderr.splitlines()]
    assert said.count("read ./Dockerfile") + said.count("read Dockerfile") == 1
    assert all(line.startswith(("read ", "write ")) for line in said)


def test_the_page_shows_what_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/screens.md: its command is run, and says what the page shows; seconds and the registry's port are others."""
    page = (ROOT / "docs" / "screens.md").read_text(encoding="utf-8")
    ((command, shown),) = re.findall(r"```console\n\$ optimizer (pin .*?)\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    with serving() as server:
        server.index("lambda/provided:al2023")
        argv = [sys.executable, "-m", "optimizer", *shlex.split(command.replace("127.0.0.1:5000", server.host))]
        ended = subprocess.run(argv, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True)
        said = ended.stderr.replace(server.host, "127.0.0.1:5000")

    def timeless(text: str) -> list[str]:
        text = text.replace(str(tmp_path), "/home/me/shop")
        return [re.sub(r"\d+\.\d{3} s|(?<=lock\.)[0-9a-f]{8}", "", line).strip() for line in text.splitlines()]

    assert timeless(said) == timeless(shown)


def test_what_is_not_asked_for_is_not_loaded() -> None:
    """Requirement: "imported only on a terminal so that start-up is not slower"."""
    program = "import sys, optimizer.cli.main; print('optimizer.adapters.record' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    assert said.stdout == "False\n"
