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
_EVERYTHING: tuple[_Version, _Version] = ((0, 0, 0), (_LATEST, 0, 0))


def may_hold(text: str, major: int) -> bool:
    """Whether some version of the major version is in the range; true for a range that cannot be read."""
    spans = _spans(text)
    return spans is None or any(low < (major + 1, 0, 0) and (major, 0, 0) < high for low, high in spans)


def same_answer(text: str, version: str, oldest: str) -> bool:
    """Whether a version is in the range exactly if the oldest, and every newer one of the same major version, is.

    Versions have the form ``22.1.0``.  False where only some of these are in
    the range, and for what cannot be read.
    """
    spans, one, first = _spans(text), _version(version), _version(oldest)
    if spans is None or one is None or first is None:
        return False
    after = (first[0] + 1, 0, 0)
    if any(low <= one < high for low, high in spans):
        return any(low <= first and after <= high for low, high in spans)
    return not any(low < after and first < high for low, high in spans)


def _version(text: str) -> _Version | None:
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def _spans(text: str) -> list[tuple[_Version, _Version]] | None:
    """The lowest version of each part of a range, and the lowest above it that it does not hold; parts that hold none are left out."""
    spans = []
    for part in text.split("||"):
        low, high = _EVERYTHING
        rest = _HYPHEN.sub(r">=\1 <=\2", part.strip())
        position = 0
        while position < len(rest):
            found = _COMPARATOR.match(rest, position)
            if found is None:
                return None
            start, end = _bounds(found)
            low, high = max(low, start), min(high, end)
            position = found.end()
            while position < len(rest) and rest[position].isspace():
                position += 1
        if low < high:
            spans.append((low, high))
    return spans


def _bounds(found: re.Match[str]) -> tuple[_Version, _Version]:
    """The lowest version of a comparator, and the lowest above it that it does not hold."""
    given = [int(value) for name in ("major", "minor", "patch") if (value := found[name]) is not None and value.isdigit()]
    if not given:
        return _EVERYTHING
    start = _filled(given)
    # What the written digits alone leave open: 22 is all of 22.x.
    after = _filled([*given[:-1], given[-1] + 1])
    operator = found["operator"]
    if operator == ">=":
        return start, _EVERYTHING[1]
    if operator == ">":
        return after, _EVERYTHING[1]
    if operator == "<":
        return _EVERYTHING[0], start
    if operator == "<=":
        return _EVERYTHING[0], after
    if operator == "^":
        fixed = next((index for index, value in enumerate(given) if value), len(given) - 1)
        return start, _filled([*given[:fixed], given[fixed] + 1])
    if operator.startswith("~"):
        return start, _filled([given[0], given[1] + 1]) if len(given) > 1 else after
    return start, after


def _filled(parts: list[int]) -> _Version:
    major, minor, patch = [*parts, 0, 0][:3]
    return (major, minor, patch)
