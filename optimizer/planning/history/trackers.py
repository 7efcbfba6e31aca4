"""Follow one thing from today back through the deployments, the newest first.

A tracker is asked once for each deployment.  It answers whether that changed
the thing; None where the thing was not there before it, or cannot be read.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from optimizer.errors import OptimizerError
from optimizer.locks.files import ProjectFiles
from optimizer.locks.python import LockFault
from optimizer.model.inputs import Input
from optimizer.model.plan import LockedBy
from optimizer.model.spec import ImageSpec
from optimizer.model.steps import to_dict
from optimizer.planning.history.paths import ChangeIndex, Place
from optimizer.planning.history.subjects import PastFiles
from optimizer.toolchains.releases import Release

_NEUTRAL = ("name", "stability", "after", "size", "seconds")
"""Fields of a step that change nothing of what it makes."""

ReadReleases = Callable[[LockedBy, ProjectFiles], Mapping[str, Release]]
"""What a lock names; raises LockFault or OptimizerError where it cannot be read."""


class Tracker(Protocol):
    """Follows one thing."""

    def step(self, index: ChangeIndex, before: PastFiles) -> bool | None:
        """Whether a deployment changed it; the tracker is then where the thing was before that."""


class PathTracker:
    """Files and directories that a stage reads; what is in a submodule changes where that has another commit."""

    def __init__(self, inputs: Iterable[Input], head: PastFiles, submodules: Collection[str] = ()) -> None:
        found = [Place(item.source, item.directory, item.exclude) for item in inputs]
        self._places = [place for place in found if head.content(place.path)]
        self._submodules = {path for path in submodules for place in found if f"{place.path}/".startswith(f"{path}/")}

    def step(self, index: ChangeIndex, before: PastFiles) -> bool | None:
        changed = any(map(index.touches, self._submodules))
        self._submodules = {path for path in self._submodules if not index.adds(path)}
        results = [index.before(place, lambda path: bool(before.content(path))) for place in self._places]
        self._places = [result.place for result in results if result.place is not None]
        return changed or any(result.changed for result in results) if self._places or self._submodules else None


@dataclass(frozen=True, slots=True)
class ReleaseChange:
    """What a deployment changed in a lock, by names: other releases, packages that are new, and packages that are gone."""

    changed: frozenset[str]
    added: frozenset[str]
    removed: frozenset[str]

    @classmethod
    def between(cls, before: Mapping[str, Release], after: Mapping[str, Release]) -> ReleaseChange:
        return cls(
            frozenset(name for name in before.keys() & after.keys() if before[name].version != after[name].version),
            frozenset(after.keys() - before.keys()),
            frozenset(before.keys() - after.keys()),
        )

    def __bool__(self) -> bool:
        return bool(self.changed or self.added or self.removed)


class LockTracker:
    """The packages that a lock names.

    ``changes`` has for each deployment so far what it changed of them, None
    where the lock was not there or not read; ``releases`` are those at the time
    that it has come to.  ``unread`` counts versions that could not be read.
    """

    def __init__(self, lock: LockedBy, head: PastFiles, read: ReadReleases) -> None:
        self._read = read
        self._lock: LockedBy | None = lock
        self._reads: frozenset[str] = frozenset()
        self.releases: Mapping[str, Release] = {}
        self.changes: list[ReleaseChange | None] = []
        self.unread = 0
        found = self._take(lock, head) if head.content(lock.path) else None
        if found is None:
            self._lock = None
        else:
            self.releases, self._reads = found

    def step(self, index: ChangeIndex, before: PastFiles) -> bool | None:
        change = self._step(index, before)
        self.changes.append(change)
        return None if change is None else bool(change)

    def _step(self, index: ChangeIndex, before: PastFiles) -> ReleaseChange | None:
        lock = self._lock
        if lock is None:
            return None
        if not any(index.touches(path) for path in self._reads):
            return ReleaseChange(frozenset(), frozenset(), frozenset())
        place = index.before(Place(lock.path, directory=False), lambda path: bool(before.content(path))).place
        self._lock = None if place is None else replace(lock, path=place.path)
        if self._lock is None:
            return None
        found = self._take(self._lock, before)
        if found is None:
            return None
        change = ReleaseChange.between(found[0], self.releases)
        self.releases, self._reads = found
        return change

    def _take(self, lock: LockedBy, files: PastFiles) -> tuple[Mapping[str, Release], frozenset[str]] | None:
        recording = _Recording(files)
        try:
            return self._read(lock, recording), frozenset(recording.paths)
        except (LockFault, OptimizerError):
            self.unread += 1
            return None


class _Recording:
    """Files of a project, with the paths that were asked for."""

    def __init__(self, files: ProjectFiles) -> None:
        self._files = files
        self.paths: set[str] = set()

    @property
    def root(self) -> Path:
        return self._files.root

    def kind(self, path: str) -> str | None:
        self.paths.add(posixpath.normpath(path))
        return self._files.kind(path)

    def read_text(self, path: str) -> str:
        self.paths.add(posixpath.normpath(path))
        return self._files.read_text(path)


class SpecTracker:
    """What a specification declares of its steps, beside what says how they are ordered.

    ``changed`` has the names of the steps that the last deployment changed,
    and ``known`` of those of which it is known whether it did.
    """

    def __init__(self, path: str, head: PastFiles) -> None:
        self._place: Place | None = Place(path, directory=False) if head.content(path) else None
        self._steps = self._take(head) or {}
        self.changed: frozenset[str] = frozenset()
        self.known: frozenset[str] = frozenset(self._steps)

    def step(self, index: ChangeIndex, before: PastFiles) -> bool | None:
        self.changed, self.known = frozenset(), frozenset(self._steps)
        if self._place is None or not self._steps:
            self.known = frozenset()
            return None
        if not index.touches(self._place.path):
            return False
        self._place = index.before(self._place, lambda path: bool(before.content(path))).place
        found = self._take(before) if self._place is not None else {}
        if found is None:
            # A text that is no specification says nothing; the one before it may.
            self.known = frozenset()
            return None
        self.known = frozenset(found.keys() & self._steps.keys())
        self.changed = frozenset(name for name in self.known if found[name] != self._steps[name])
        self._steps = {name: found[name] for name in self.known}
        return bool(self.changed)

    def _take(self, files: ProjectFiles) -> dict[str, object] | None:
        """What is declared of each step by its name; None for what cannot be read."""
        if self._place is None:
            return {}
        try:
            spec = ImageSpec.from_toml(files.read_text(self._place.path), self._place.path)
        except OptimizerError:
            return None
        return {step.title: {name: value for name, value in to_dict(step).items() if name not in _NEUTRAL} for step in spec.steps}
