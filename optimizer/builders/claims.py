"""What a tree of packages has for itself, in few words, so that two trees can be told apart without being read.

Terms
    claim   a path which the tree holds, with everything below it: an import
            package, the metadata of a package, or a file that is in neither

Trees whose claims are apart, none of one being at, above or below one of the
other, share no file.  Those whose claims meet may share one: a directory that is
an import package in one of them may be a mere namespace in the other.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

MOST = 1000
"""A tree with more claims than that has none: they would not be few words."""

_PACKAGE = "__init__.py"
_METADATA = ".dist-info"


def claims(entries: Mapping[str, bool]) -> tuple[str, ...]:
    """The claims of a tree, sorted; ``entries`` are its paths, and whether each is a directory.  None for a tree with too many."""
    children: dict[str, list[str]] = {}
    for path in entries:
        children.setdefault(path.rpartition("/")[0], []).append(path)
    found: list[str] = []
    waiting = list(children.get("", ()))
    while waiting:
        path = waiting.pop()
        below = children.get(path, ()) if entries[path] else ()
        own = not below or path.endswith(_METADATA) or f"{path}/{_PACKAGE}" in entries
        if own:
            found.append(path)
        else:
            waiting += below
    return tuple(sorted(found)) if len(found) <= MOST else ()


def meet(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether a claim of one is at, above or below one of the other; both are sorted."""
    return _covers(one, other) or _covers(other, one)


def _covers(above: Sequence[str], below: Iterable[str]) -> bool:
    """Whether any of the paths is at or below one of the others, which are sorted, and none of which is above another."""
    keys = [f"{path}/" for path in above]
    keys.sort()
    for path in below:
        key = f"{path}/"
        at = bisect_left(keys, key)
        if (at < len(keys) and keys[at] == key) or (at and key.startswith(keys[at - 1])):
            return True
    return False
