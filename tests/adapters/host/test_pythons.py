"""Which Pythons of the machine are found, and by which path."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimizer.adapters.host.pythons import local_pythons

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    local_pythons.cache_clear()
    yield
    local_pythons.cache_clear()


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
