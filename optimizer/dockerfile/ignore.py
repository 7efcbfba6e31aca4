"""Ignore patterns in the form of ``.dockerignore``.

A pattern matches a path, and everything below it; ``*`` and ``?`` stay within
one name, ``**`` crosses directories, ``[...]`` is a class of characters, and a
leading ``!`` takes back what an earlier pattern left out.
Source: https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IgnorePatterns:
    """Compiled patterns, neighbours of one kind together; the last one that matches decides."""

    rules: tuple[tuple[bool, re.Pattern[str]], ...]

    @classmethod
    def parse(cls, patterns: Sequence[str]) -> IgnorePatterns:
        """The patterns in order; empty ones and comments are skipped."""
        return _parse(tuple(patterns))

    def ignores(self, path: str) -> bool:
        """Whether the relative path, or a directory above it, is left out."""
        ignored = False
        for negated, pattern in self.rules:
            if negated == ignored and pattern.match(path):
                ignored = not negated
        return ignored

    @property
    def may_take_back(self) -> bool:
        """Whether a file below an ignored directory can still be wanted."""
        return any(negated for negated, _ in self.rules)


@functools.lru_cache(maxsize=256)
def _parse(patterns: tuple[str, ...]) -> IgnorePatterns:
    expressions: list[tuple[bool, list[str]]] = []
    for line in patterns:
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        negated = text.startswith("!")
        cleaned = posixpath.normpath(text.removeprefix("!").strip().lstrip("/"))
        if not expressions or expressions[-1][0] != negated:
            expressions.append((negated, []))
        expressions[-1][1].append(_expression(cleaned))
    # Neighbours of one kind are one expression: a walk asks for each of its files.
    return IgnorePatterns(tuple((negated, re.compile(rf"(?:{'|'.join(group)})(?:/.*)?\Z", re.DOTALL)) for negated, group in expressions))


def _expression(pattern: str) -> str:
    result = []
    position = 0
    while position < len(pattern):
        if pattern.startswith("**/", position):
            result.append(r"(?:.*/)?")
            position += 3
        elif pattern.startswith("**", position):
            result.append(r".*")
            position += 2
        elif pattern[position] == "*":
            result.append(r"[^/]*")
            position += 1
        elif pattern[position] == "?":
            result.append(r"[^/]")
            position += 1
        elif pattern[position] == "[" and "]" in pattern[position + 2 :]:
            end = pattern.index("]", position + 2)
            inside = pattern[position + 1 : end]
            caret = "^" if inside[0] in "^!" else ""
            result.append(f"[{caret}{re.escape(inside[len(caret) :]).replace(chr(92) + '-', '-')}]")
            position = end + 1
        elif pattern[position] == "\\" and position + 1 < len(pattern):
            result.append(re.escape(pattern[position + 1]))
            position += 2
        else:
            result.append(re.escape(pattern[position]))
            position += 1
    return "".join(result)
