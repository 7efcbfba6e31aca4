"""What all processes of one test run share: a registry, which the first of them starts that needs it, and the last stops."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
from pathlib import Path

from tests.engine import services, standins

_VARIABLE = "OPTIMIZER_TEST_RUN"


def begin() -> None:
    """Called by the process that starts the others."""
    os.environ[_VARIABLE] = str(Path(tempfile.gettempdir(), f"optimizer-test-run-{uuid.uuid4().hex}"))


def end() -> None:
    """Called by the process that started the others, when they are gone."""
    directory = Path(os.environ.pop(_VARIABLE))
    services.stop_registry(directory / "registry")
    shutil.rmtree(directory, ignore_errors=True)


def registry() -> str:
    """``host:port`` of a registry with the stand-ins of all base and builder images."""
    directory = Path(os.environ[_VARIABLE])
    directory.mkdir(mode=0o700, exist_ok=True)
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
