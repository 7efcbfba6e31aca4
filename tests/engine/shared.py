"""What all processes of one test run share: a registry, which the first of them starts that needs it; and what all runs of a machine do: its engine."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tests.engine import services, standins
from tests.patience import PATIENCE_S

_VARIABLE = "OPTIMIZER_TEST_RUN"
_here: list[IO[str]] = []
"""Held as long as this process may have images in the engine by names that other runs have too."""


def begin() -> None:
    """Called by the process that starts the others."""
    os.environ[_VARIABLE] = str(Path(tempfile.gettempdir(), f"optimizer-test-run-{uuid.uuid4().hex}"))


def end() -> None:
    """Called by the process that started the others, when they are gone."""
    directory = Path(os.environ.pop(_VARIABLE))
    while _here:
        _here.pop().close()
    if directory.exists():
        # `optimizer invoke` calls an image by what is in it, so that no test knows of one that nobody else has it too.
        with _engine_lock().open("w") as lock, contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _forget("optimizer-invoke*")
    services.stop_registry(directory / "registry")
    shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def images_named(name: str) -> Iterator[None]:
    """One process at a time has the images and the container of a name that the documentation gives them; they are gone afterwards."""
    with standins.locked(_engine_lock().with_name(f"images-{name}.lock")):
        try:
            yield
        finally:
            _forget(name)


def _forget(names: str) -> None:
    argv = ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", names]
    images = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=PATIENCE_S).stdout.split()
    subprocess.run(["docker", "image", "rm", "--force", *images], capture_output=True, check=False, timeout=PATIENCE_S)


def _engine_lock() -> Path:
    """A file for all runs of this machine."""
    standins.STATE.mkdir(parents=True, exist_ok=True)
    return standins.STATE / "runs.lock"


def _directory() -> Path:
    if not _here:
        _here.append(_engine_lock().open("w"))
        fcntl.flock(_here[0], fcntl.LOCK_SH)
    directory = Path(os.environ[_VARIABLE])
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory


def registry() -> str:
    """``host:port`` of a registry with the stand-ins of all base and builder images."""
    directory = _directory()
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
