"""Ignore patterns in the form of ``.dockerignore``.

A pattern matches a path, and everything below it; ``*`` and ``?`` stay within
one name, ``**`` crosses directories, ``[...]`` is a class of characters, and a
leading ``!`` takes back what an earlier pattern left out.
Source: https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

import functools
import itertools
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Rule:
    """Neighbouring patterns of one kind: names that match wherever they stand, and an expression for all others."""

    negated: bool
    names: frozenset[str]
    pattern: re.Pattern[str] | None

    def matches(self, path: str) -> bool:
        if not self.names.isdisjoint(path.split("/")):
            return True
        return self.pattern is not None and self.pattern.match(path) is not None


@dataclass(frozen=True, slots=True)
class IgnorePatterns:
    """Compiled patterns, neighbours of one kind together; the last one that matches decides."""

    rules: tuple[_Rule, ...]

    @classmethod
    def parse(cls, patterns: Sequence[str]) -> IgnorePatterns:
        """The patterns in order; empty ones and comments are skipped."""
        return _parse(tuple(patterns))

    def ignores(self, path: str) -> bool:
        """Whether the relative path, or a directory above it, is left out."""
        ignored = False
        for rule in self.rules:
            if rule.negated == ignored and rule.matches(path):
                ignored = not rule.negated
        return ignored

    @property
    def may_take_back(self) -> bool:
        """Whether a file below an ignored directory can still be wanted."""
        return any(rule.negated for rule in self.rules)


@functools.lru_cache(maxsize=256)
def _parse(patterns: tuple[str, ...]) -> IgnorePatterns:
    groups: list[tuple[bool, list[str]]] = []
    for line in patterns:
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        negated = text.startswith("!")
        cleaned = posixpath.normpath(text.removeprefix("!").strip().lstrip("/"))
        if not groups or groups[-1][0] != negated:
            groups.append((negated, []))
        groups[-1][1].append(cleaned)
    return IgnorePatterns(tuple(_rule(negated, group) for negated, group in groups))


def _rule(negated: bool, patterns: Sequence[str]) -> _Rule:
    # A walk asks for each of its files: one look into a set, and one expression, in place of one for each pattern.
    names = frozenset(match[1] for pattern in patterns if (match := _ANYWHERE.fullmatch(pattern)))
    numbers = itertools.count()
    others = [_expression(pattern, numbers) for pattern in patterns if not _ANYWHERE.fullmatch(pattern)]
    return _Rule(negated, names, re.compile("|".join(others), re.DOTALL) if others else None)


# A name without wildcards, in any directory.
_ANYWHERE = re.compile(r"\*\*/([^/*?\[\\]+)", re.DOTALL)


_END = r"(?=/|\Z)"
_NOTHING = "(?!)"


def _expression(pattern: str, numbers: Iterator[int]) -> str:
    """What matches the start of a path that the pattern fits, up to the end of one of its names.

    The time to match is bounded by the product of the lengths: of each part
    between two wildcards the first place that fits is as good as any other, so
    that nothing is tried twice.  ``numbers`` gives names to groups.
    """
    parts: list[list[list[str]]] = [[]]
    for name in _names(pattern):
        if name == ["**"]:
            parts.append([])
        elif "**" in name:
            return _crossing(pattern)
        else:
            parts[-1].append(name)
    result = ""
    for index, part in enumerate(parts):
        if not part:
            continue
        names = "/".join(_name(name, numbers) for name in part) + (_END if index == len(parts) - 1 else "/")
        result += _first(rf"(?:[^/]*/)*?{names}", numbers) if index else names
    return result


def _names(pattern: str) -> list[list[str]]:
    """The names of a pattern; each is a list of ``*``, ``**`` and expressions of single characters."""
    result: list[list[str]] = [[]]
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if pattern.startswith("**", position):
            result[-1].append("**")
            position += 2
            continue
        if character == "/":
            result.append([])
        elif character == "*":
            result[-1].append("*")
        elif character == "?":
            result[-1].append("[^/]")
        elif character == "[" and "]" in pattern[position + 2 :]:
            end = pattern.index("]", position + 2)
            result[-1].append(_class(pattern[position + 1 : end]))
            position = end
        elif character == "\\" and position + 1 < len(pattern):
            position += 1
            result[-1].append(re.escape(pattern[position]))
        else:
            result[-1].append(re.escape(character))
        position += 1
    return result


def _class(inside: str) -> str:
    negated = inside[0] in "^!"
    characters = inside[negated:]
    items = []
    position = 0
    while position < len(characters):
        first, last = characters[position], characters[position : position + 3][2:]
        if last and characters[position + 1] == "-":
            # A range from a later character to an earlier one holds nothing.
            items.append(f"{re.escape(first)}-{re.escape(last)}" if first <= last else "")
            position += 3
        else:
            items.append(re.escape(first))
            position += 1
    # No class holds what separates names.
    if negated:
        return f"[^{''.join(items)}/]"
    return f"(?!/)[{''.join(items)}]" if any(items) else _NOTHING


def _name(items: list[str], numbers: Iterator[int]) -> str:
    if "*" not in items:
        return "".join(items)
    texts = [""]
    for item in items:
        if item == "*":
            texts.append("")
        else:
            texts[-1] += item
    middle = "".join(_first(rf"[^/]*?{text}", numbers) for text in texts[1:-1] if text)
    return f"{texts[0]}{middle}[^/]*{texts[-1] + _END if texts[-1] else ''}"


def _first(expression: str, numbers: Iterator[int]) -> str:
    """The first match of an expression, which is never given up for another; an atomic group, which Python has from 3.11."""
    name = f"g{next(numbers)}"
    return f"(?=(?P<{name}>{expression}))(?P={name})"


def _crossing(pattern: str) -> str:
    """A pattern in which ``**`` is a part of a name, such as ``**.txt``, and crosses directories there."""
    result = "/".join("".join({"**": ".*", "*": "[^/]*"}.get(item, item) for item in name) for name in _names(pattern))
    return rf"{result.replace('.*/', '(?:.*/)?')}(?:/.*)?\Z"
