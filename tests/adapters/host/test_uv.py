"""Which uv of the machine is found."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from optimizer.adapters.host import uv


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\necho uv 0.13.9\n")
    path.chmod(0o755)
    return path


def test_uv_beside_this_python_comes_before_that_of_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``pip install uv`` in the environment of this program need not put it on PATH."""
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path / "nothing"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "bin" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    assert uv.find_uv() is None
    on_path = program(tmp_path / "path" / "uv")
    assert uv.find_uv() == on_path
    beside = program(tmp_path / "venv" / "bin" / "uv")
    assert uv.find_uv() == beside
    assert uv.uv_version(beside) == (0, 13, 9)


def test_a_program_that_does_not_run_has_no_version(tmp_path: Path) -> None:
    path = program(tmp_path / "bin" / "uv")
    path.write_text("#!/nothing/at/all\n")
    assert uv.uv_version(path) is None
