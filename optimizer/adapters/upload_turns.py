"""Processes that would upload the same blob at the same time take turns, so that only the first one has to.

A turn is a lock of the operating system on a file of the user's cache, in which
stands what the last turn was for.  The lock is
gone with its process, however that ends, and who has waited long enough goes
on without it: taking turns spares uploads, and nothing depends on it.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from optimizer.adapters.host.caches import cache_directory

_WAIT_S = 300.0
"""How long a turn of others is waited for: theirs may be an upload whose connection gives no answer."""
_POLL_S = 0.05
_SLOT_DIGITS = 3
"""Of a digest, how many decide the file: there are never more than so many files, and two blobs of one file just wait for each other."""


@contextlib.contextmanager
def upload_turn(repository: str, digest: str, scratch: Path, ended: threading.Event) -> Iterator[bool]:
    """The turn of this process to upload a blob to a repository; gives whether another may have uploaded it after this one asked for it.

    That is so where this one had to wait, or comes right after a turn for that blob.

    Without a cache that can be written, ``scratch`` holds the file, and without
    locks on this system, or once ``ended`` is set, nobody waits.  No thread may
    wait for a second turn while it has one.
    """
    try:
        # Missing on Windows.
        import fcntl
    except ImportError:
        yield False
        return
    name = hashlib.sha256(f"{repository}\n{digest}".encode()).hexdigest()
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(cache_directory("uploads", scratch).joinpath(name[:_SLOT_DIGITS]).open("a+b", buffering=0))
        except OSError:
            yield False
            return
        started = time.monotonic()
        waited = False
        while not ended.is_set() and time.monotonic() - started < _WAIT_S:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                waited |= _follows(file, name.encode("ascii"))
                break
            except BlockingIOError:
                waited = True
                ended.wait(_POLL_S)
            except OSError:
                # A file system that knows no locks.
                break
        yield waited


def _follows(file: BinaryIO, name: bytes) -> bool:
    """Whether the turn before was for the same; from now on that is this one."""
    file.seek(0)
    if file.read(len(name)) == name:
        return True
    file.truncate(0)
    file.write(name)
    return False
