"""What all processes of one test run share: a registry, which the first of them starts that needs it, and the last stops."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

from tests.engine import services, standins

_VARIABLE = "OPTIMIZER_TEST_RUN"


def begin() -> None:
    """Called by the process that starts the others."""
    os.environ[_VARIABLE] = tempfile.mkdtemp(prefix="optimizer-test-run-")


def end() -> None:
    """Called by the process that started the others, when they are gone."""
    directory = Path(os.environ.pop(_VARIABLE))
    services.stop_registry(directory / "registry")
    shutil.rmtree(directory)


def registry() -> str:
    """``host:port`` of a registry with the stand-ins of all base and builder images."""
    directory = Path(os.environ[_VARIABLE])
    with standins.locked(directory / "lock"):
        state = directory / "registry" / "registry.json"
        if state.exists():
            return str(json.loads(state.read_text(encoding="utf-8"))["address"])
        # What an attempt left that failed.
        shutil.rmtree(directory / "registry", ignore_errors=True)
        (directory / "registry").mkdir()
        try:
            return standins.start_registry(directory / "registry")
        except BaseException:
            services.stop_registry(directory / "registry")
            raise
