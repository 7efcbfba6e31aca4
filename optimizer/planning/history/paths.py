"""Which deployments changed a file or a directory of today, wherever it was before.

A directory that was moved as a whole, or renamed, is followed to where it was:
what a stage makes of it depends on the names below it alone.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from optimizer.locks.files import leaves
from optimizer.model.history import PathChange
from optimizer.model.ignore import IgnorePatterns

Exists = Callable[[str], bool]
"""Whether there was anything at a path before the deployment."""


@dataclass(frozen=True, slots=True)
class Place:
    """A file or directory at one time, and the patterns of what does not count below it."""

    path: str
    directory: bool
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Before:
    """What a deployment did to a place: whether it ``changed``, and where it was before; None where it was not there."""

    changed: bool
    place: Place | None


class ChangeIndex:
    """The changes of one deployment, by every directory above them."""

    def __init__(self, changes: Sequence[PathChange]) -> None:
        self._below: dict[str, list[PathChange]] = {}
        for change in changes:
            for place in dict.fromkeys((*_above(change.before), *_above(change.after))):
                self._below.setdefault(place, []).append(change)

    def touches(self, path: str) -> bool:
        """Whether anything at the path, or below it, changed or was moved."""
        return path in self._below

    def adds(self, path: str) -> bool:
        """Whether a file at the path, which is what a submodule is to Git, is new."""
        return any(not change.before and change.after == path for change in self._below.get(path, ()))

    def before(self, place: Place, exists: Exists) -> Before:
        """What the deployment did to a place that is there after it."""
        changes = self._below.get(place.path, ())
        if not changes:
            return Before(False, place)
        if exists(place.path):
            return Before(any(_holds(place, change.before) or _holds(place, change.after) for change in changes), place)
        origin = _origin(place, changes)
        if origin is None:
            return Before(True, None)
        there = replace(place, path=origin)
        moved = (*changes, *self._below.get(origin, ()))
        kept = all(_moved(change, there, place) for change in moved if _holds(place, change.after) or _holds(there, change.before))
        return Before(not kept, there)


def _above(path: str) -> Iterator[str]:
    """The path and the directories above it, up to the project, ``.``, where it is inside of that; nothing for an empty one."""
    if path and not leaves(path):
        yield "."
    while path:
        yield path
        path = posixpath.dirname(path)


def _relative(path: str, place: Place) -> str | None:
    """The path as seen from the place: empty for itself, None for what is elsewhere."""
    if path == place.path:
        return ""
    if place.path == ".":
        return None if leaves(path) else path
    return path[len(place.path) + 1 :] if path.startswith(f"{place.path}/") else None


def _holds(place: Place, path: str) -> bool:
    """Whether a path, which may be empty for none, is in what the place holds."""
    below = _relative(path, place) if path else None
    return below is not None and not (place.directory and IgnorePatterns.parse(place.exclude).ignores(below))


def _moved(change: PathChange, origin: Place, place: Place) -> bool:
    """Whether a file has moved with the place, and is otherwise the same."""
    return change.same and bool(change.before) and _relative(change.before, origin) == _relative(change.after, place)


def _origin(place: Place, changes: Iterable[PathChange]) -> str | None:
    """Where most of the files of a place that is new come from; None for one that was not moved."""
    found: Counter[str] = Counter()
    new = 0
    for change in changes:
        below = _relative(change.after, place) if change.after else None
        if below is None:
            continue
        new += 1
        if not below and change.before:
            found[change.before] += 1
        elif below and change.before.endswith(f"/{below}"):
            found[change.before.removesuffix(f"/{below}")] += 1
    if not found:
        return None
    origin, count = min(found.items(), key=lambda item: (-item[1], item[0]))
    return origin if 2 * count >= new else None
