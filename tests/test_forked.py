"""Forked programs are what started ones are: streams, exit codes, directory, environment, imports."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import forked
from tests.patience import PATIENCE_S

FOUND = "FROM public.ecr.aws/lambda/python:3.13\nUSER 1000\n"


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("optimizer", ["lint", "."]),
        ("optimizer", ["lint", ".", "--format", "json"]),
        ("optimizer", ["lint", "missing"]),
        ("optimizer", ["lint", "--wrong"]),
        ("optimizer", ["no-command"]),
        ("optimizer", []),
        ("optimizer", ["lint", "--stdin-name", "Dockerfile", "-"]),
        ("optimizer.docker_program", ["inspect", "nothing"]),
        ("optimizer.docker_program", []),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_call_is_what_a_started_process_is(module: str, words: list[str], tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(FOUND, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(forked.ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache"), "COLUMNS": "70"}
    argv = [sys.executable, "-m", module, *words]
    started = subprocess.run(
        argv, cwd=tmp_path, env=environment, input=FOUND, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    call = forked.run(module, *words, cwd=tmp_path, env=environment, text=FOUND)
    assert (call.returncode, call.stdout, call.stderr) == (started.returncode, started.stdout, started.stderr)


def test_what_depends_on_how_python_starts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"\['PYTHONHASHSEED'\] matter when Python starts: start a process"):
        forked.run("optimizer", "lint", cwd=tmp_path, env={**os.environ, "PYTHONHASHSEED": "1"})


def test_a_call_that_takes_too_long_ends_and_the_next_one_works(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        forked.run("optimizer", "explain", "LIO602", cwd=tmp_path, timeout=0.001)
    assert forked.run("optimizer", "--version", cwd=tmp_path).returncode == 0
