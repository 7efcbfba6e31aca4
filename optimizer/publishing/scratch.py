"""Where layers are made: a directory and threads, gone when the work is done or has failed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from optimizer.errors import EngineError

_THREADS = 8
_HINT = "free some space there, or set TMPDIR, and run the command again"


@contextmanager
def temporary_directory() -> Iterator[Path]:
    """A directory for layers, which is gone afterwards.

    Raises :class:`EngineError` where none can be made.
    """
    try:
        made = tempfile.TemporaryDirectory(prefix="optimizer-layers-")
    except OSError as error:
        raise EngineError(f"there is no directory for layers: {error.strerror or error}", hint=_HINT) from None
    with made as directory:
        yield Path(directory)


@contextmanager
def threads(hurry: Callable[[], None]) -> Iterator[ThreadPoolExecutor]:
    """Threads that make and send layers; what has not begun when the work ends, by a fault or an interrupt, never does.

    ``hurry`` is called then, for what has begun.

    Raises :class:`EngineError` for a directory for temporary files that cannot
    be written.
    """
    try:
        with ThreadPoolExecutor(_THREADS) as pool:
            try:
                yield pool
            except BaseException:
                hurry()
                raise
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
    except OSError as error:
        raise EngineError(
            f"layers cannot be written to the directory for temporary files, {tempfile.gettempdir()}: {error.strerror or error}",
            hint=_HINT,
        ) from None
