"""Which Pythons of the machine are found, and by which path."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import pytest

from optimizer.adapters.host.pythons import local_python, local_pythons

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


def test_a_script_that_chooses_a_python_is_not_the_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of pyenv go by the environment: with another one, they start another Python or none."""
    script = tmp_path / f"python{MINOR}"
    script.write_text(f'#!/bin/sh\n[ -n "$CHOSEN" ] && exec {sys.executable} "$@"\nexit 127\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), os.defpath]))
    monkeypatch.setenv("CHOSEN", "1")
    found = local_pythons(MINOR)[platform.python_version()]
    assert found != script
    assert os.path.samefile(found, sys.executable)


def test_no_other_python_is_run_once_the_exact_one_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every one of a dozen on a runner takes some of the time that a push of a handler has."""
    first, second = tmp_path / "first", tmp_path / "second"
    for directory, line in ((first, f'exec {sys.executable} "$@"'), (second, f"echo run >> {tmp_path / 'runs'}; exit 1")):
        directory.mkdir()
        script = directory / f"python{MINOR}"
        script.write_text(f"#!/bin/sh\n{line}\n")
        script.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(first), str(second), os.defpath]))
    found = local_python(platform.python_version())
    assert found is not None
    assert os.path.samefile(found, sys.executable)
    assert not (tmp_path / "runs").exists()
    assert local_python(f"{MINOR}.999") is None
    assert (tmp_path / "runs").exists()


def test_what_is_found_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that was on PATH once is none of this machine's later."""
    program = tmp_path / f"python{MINOR}"
    program.write_text(f"#!/bin/sh\necho CPython; echo {MINOR}.999; echo {program}\n")
    program.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", os.pathsep.join([str(tmp_path), os.environ["PATH"]]))
        assert local_python(f"{MINOR}.999") == program
        assert f"{MINOR}.999" in local_pythons(MINOR)
    assert local_python(f"{MINOR}.999") is None
    assert f"{MINOR}.999" not in local_pythons(MINOR)
