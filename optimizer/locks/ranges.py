"""Ranges of versions as package.json writes them, against a major version.

Source: https://docs.npmjs.com/cli/configuring-npm/package-json#engines,
https://github.com/npm/node-semver#ranges
"""

from __future__ import annotations

import re

_LATEST = 1 << 30
_PARTIAL = r"v?(?P<major>\d+|[xX*])(?:\.(?P<minor>\d+|[xX*]))?(?:\.(?P<patch>\d+|[xX*]))?(?:[-+][\w.+-]*)?"
_COMPARATOR = re.compile(rf"(?P<operator>>=|<=|>|<|=|\^|~>?|)\s*{_PARTIAL}")
_HYPHEN = re.compile(r"(\S+)\s+-\s+(\S+)")
_Version = tuple[int, int, int]


def may_hold(text: str, major: int) -> bool:
    """Whether some version of the major version is in the range; true for a range that cannot be read."""
    return any(_overlaps(part, major) for part in text.split("||"))


def _overlaps(part: str, major: int) -> bool:
    low, high = (major, 0, 0), (major + 1, 0, 0)
    rest = _HYPHEN.sub(r">=\1 <=\2", part.strip())
    position = 0
    while position < len(rest):
        found = _COMPARATOR.match(rest, position)
        if found is None:
            return True
        start, end = _bounds(found)
        low, high = max(low, start), min(high, end)
        position = found.end()
        while position < len(rest) and rest[position].isspace():
            position += 1
    return low < high


def _bounds(found: re.Match[str]) -> tuple[_Version, _Version]:
    """The lowest version of a comparator, and the lowest above it that it does not hold."""
    given = [int(value) for name in ("major", "minor", "patch") if (value := found[name]) is not None and value.isdigit()]
    everything = ((0, 0, 0), (_LATEST, 0, 0))
    if not given:
        return everything
    start = _filled(given)
    # What the written digits alone leave open: 22 is all of 22.x.
    after = _filled([*given[:-1], given[-1] + 1])
    operator = found["operator"]
    if operator == ">=":
        return start, everything[1]
    if operator == ">":
        return after, everything[1]
    if operator == "<":
        return everything[0], start
    if operator == "<=":
        return everything[0], after
    if operator == "^":
        fixed = next((index for index, value in enumerate(given) if value), len(given) - 1)
        return start, _filled([*given[:fixed], given[fixed] + 1])
    if operator.startswith("~"):
        return start, _filled([given[0], given[1] + 1]) if len(given) > 1 else after
    return start, after


def _filled(parts: list[int]) -> _Version:
    major, minor, patch = [*parts, 0, 0][:3]
    return (major, minor, patch)
