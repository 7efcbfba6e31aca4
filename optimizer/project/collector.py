"""Make values in great numbers without a search for garbage among them."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def no_collections() -> Iterator[None]:
    """Python's search for cycles of garbage waits until the end.

    Entries of files hold no cycles, and each search goes through all that are
    made so far: with 100,000 of them that is a third of the time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
