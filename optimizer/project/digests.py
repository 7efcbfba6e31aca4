"""Digests of files, and of whole trees, that earlier runs have read.

A version of a file is its device, inode, size, modification time and change
time.  No program can set a change time back, so an edit that keeps the other
four is seen.  A file that changed within the last seconds is not remembered:
its next change could fall into the same tick of the clock.  Git's index stands
on the same two rules (https://git-scm.com/docs/racy-git).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

Version = tuple[int, int, int, int, int]
"""Device, inode, size in bytes, modification and change time in nanoseconds."""

_RACY_NS = 2_000_000_000
_ROWS_MAX = 1_000_000
# SQLite before 3.32 allows 999 parameters.
_BATCH = 900
# Of the whole cache, one row is read in a quarter of the time that it takes to find one by its key.
_SCAN = 4
_SCHEMA = "CREATE TABLE IF NOT EXISTS digests (version TEXT PRIMARY KEY, digest TEXT NOT NULL) WITHOUT ROWID"

_INSERT = "INSERT OR REPLACE INTO digests VALUES (?, ?)"


class DigestCache:
    """A file of digests, shared by every process of a user; without it everything is read again.

    A cache that cannot be opened, read or written is left alone: it only
    saves time.
    """

    def __init__(self, path: Path) -> None:
        # Imported here: who reads no project waits for no database.
        import sqlite3

        self._fault = sqlite3.Error
        self._connection: sqlite3.Connection | None = None
        with contextlib.suppress(OSError, self._fault):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=1.0)
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.execute(_SCHEMA)
            if self._rows() > _ROWS_MAX:
                self._connection.execute("DELETE FROM digests")

    @classmethod
    def of_user(cls) -> DigestCache:
        """The cache in the user's cache directory (XDG_CACHE_HOME, by default ~/.cache)."""
        home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        return cls(Path(home, "lambda-image-optimizer", "digests.sqlite3"))

    def get(self, versions: Iterable[Version]) -> dict[Version, str]:
        """The known digests among versions of files."""
        found: dict[Version, str] = {}
        if self._connection is None:
            return found
        by_key = {_key(version): version for version in versions}
        with contextlib.suppress(self._fault):
            if len(by_key) > _BATCH and len(by_key) * _SCAN > self._rows():
                # Half of the time of asking for each.
                rows = self._connection.execute("SELECT version, digest FROM digests")
                return {by_key[key]: str(digest) for key, digest in rows if key in by_key}
            # Sorted, as the database has them: neighbours share a page.
            keys = sorted(by_key)
            for start in range(0, len(keys), _BATCH):
                batch = keys[start : start + _BATCH]
                marks = ",".join("?" * len(batch))
                rows = self._connection.execute(f"SELECT version, digest FROM digests WHERE version IN ({marks})", batch)  # noqa: S608 - marks alone
                found.update((by_key[key], str(digest)) for key, digest in rows)
        return found

    def _rows(self) -> int:
        assert self._connection is not None
        return int(self._connection.execute("SELECT count(*) FROM digests").fetchone()[0])

    def tree(self, version: str) -> str | None:
        """The digest of a tree whose files, by names and versions, have this digest; None for one that is not known."""
        if self._connection is None:
            return None
        with contextlib.suppress(self._fault):
            row = self._connection.execute("SELECT digest FROM digests WHERE version = ?", (f"tree:{version}",)).fetchone()
            return str(row[0]) if row else None
        return None

    def add_tree(self, version: str, digest: str, versions: Iterable[Version]) -> None:
        """Remember the digest of a tree, but not where one of its files changed just now."""
        settled = _settled()
        if self._connection is not None and all(max(changed[3:]) < settled for changed in versions):
            with contextlib.suppress(self._fault), self._connection:
                self._connection.execute(_INSERT, (f"tree:{version}", digest))

    def add(self, digests: Mapping[Version, str]) -> None:
        """Remember digests, but those of files that changed just now."""
        if self._connection is None or not digests:
            return
        settled = _settled()
        rows = sorted((_key(version), digest) for version, digest in digests.items() if max(version[3:]) < settled)
        with contextlib.suppress(self._fault), self._connection:
            self._connection.executemany(_INSERT, rows)


def _settled() -> int:
    """Files that changed before this time, in nanoseconds, have another version after their next change."""
    return time.time_ns() - _RACY_NS


def _key(version: Version) -> str:
    device, inode, size, modified, changed = version
    return f"{device}:{inode}:{size}:{modified}:{changed}"
