"""What an audit that was ended had read: facts that cannot have changed since, in a file of JSON lines.

A manifest is what its digest says.  What Lambda says of a version holds for its
revision, but for the state, which changes by itself: such a fact counts for
:data:`HOURS`.  Lists are never kept, so that what is there, and what runs what,
is as new as the run that reports it.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from optimizer.audit.inventory import FunctionVersion
from optimizer.errors import ContextError
from optimizer.model.ecr import EcrRegistry

HOURS = 1
"""How long what Lambda said of a version counts."""

_FIRST = {"kept": "audit", "version": 1}
_OF_PLACE = ("place", "aliases")
_FIELDS = tuple(item.name for item in fields(FunctionVersion) if item.name not in _OF_PLACE)

VersionKey = tuple[str, ...]


class Kept:
    """The facts of a file, to which what is read now is added; threads may share it.

    ``now`` is the time in seconds since 1970.  Raises :class:`ContextError` for
    a file that cannot be read or written, or that holds something else.
    """

    def __init__(self, path: Path, now: float) -> None:
        self.path = path
        self._now = now
        self._manifests: dict[str, tuple[str, str]] = {}
        self._versions: dict[VersionKey, Mapping[str, Any]] = {}
        self._lock = threading.Lock()
        try:
            lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        except (OSError, UnicodeDecodeError) as error:
            raise self._fault("read", error) from None
        if lines and _parsed(lines[0]) != _FIRST:
            raise ContextError(f'"{path}" is there, and holds no audit that was ended', "--resume", "name another file")
        for line in lines[1:]:
            self._take(_parsed(line))
        try:
            self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8")
        except OSError as error:
            raise self._fault("written", error) from None
        # An empty line, so that one that was cut off does not spoil the next.
        self._write(None if lines else _FIRST)

    def manifest(self, digest: str) -> tuple[str, str] | None:
        """The text and the media type of a manifest; None for one that is not kept."""
        return self._manifests.get(digest)

    def keep_manifest(self, digest: str, text: str, media_type: str) -> None:
        """Keep a manifest."""
        self._write({"manifest": digest, "type": media_type, "text": text})

    def version(self, place: EcrRegistry, key: VersionKey) -> FunctionVersion | None:
        """What Lambda said of a version in this revision, without aliases; None where it is not kept."""
        found = self._versions.get((place.account, place.region, *key))
        return None if found is None else FunctionVersion(place=place, **found)

    def keep_version(self, key: VersionKey, version: FunctionVersion) -> None:
        """Keep what Lambda says of a version."""
        said = {name: getattr(version, name) for name in _FIELDS}
        self._write({"of": [version.place.account, version.place.region, *key], "time": self._now, "said": said})

    def close(self, *, whole: bool) -> None:
        """Closes the file, and removes it after an audit that lacks nothing."""
        self._file.close()
        if whole:
            with contextlib.suppress(OSError):
                self.path.unlink()

    def _take(self, fact: Any) -> None:
        try:
            if "manifest" in fact:
                self._manifests[str(fact["manifest"])] = (str(fact["text"]), str(fact["type"]))
            elif self._now - fact["time"] < HOURS * 3600:
                self._versions[tuple(map(str, fact["of"]))] = {name: fact["said"][name] for name in _FIELDS}
        except (KeyError, TypeError):
            # Cut off, or an empty line after one that was.
            return

    def _write(self, fact: Mapping[str, Any] | None) -> None:
        line = json.dumps(fact) if fact is not None else ""
        try:
            with self._lock:
                self._file.write(line + "\n")
                self._file.flush()
        except OSError as error:
            raise self._fault("written", error) from None

    def _fault(self, what: str, error: Exception) -> ContextError:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        return ContextError(f'"{self.path}" cannot be {what}: {reason}', "--resume", "name a file that can be read and written")


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
