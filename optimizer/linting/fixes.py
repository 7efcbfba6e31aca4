"""Applies the fixes of findings to files, and changes nothing else in them."""

from __future__ import annotations

import difflib
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from optimizer.dockerfile.instruction import Position
from optimizer.linting.finding import Edit, Finding, Fix

_MARK = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """What fixes made of files.

    ``contents`` are the new bytes by path, of the files that changed;
    ``findings`` those whose fix was applied.  ``refused`` are files that are no
    UTF-8, so that writing them back could change more than the fix.
    """

    contents: Mapping[str, bytes]
    findings: tuple[Finding, ...] = ()
    refused: tuple[str, ...] = ()


_PASSES = 20
"""A fix can bring about the next; more rounds than this would be two rules that undo one another."""


class Change(NamedTuple):
    """Put the text in place of what stands between two offsets, in characters."""

    start: int
    end: int
    text: str


def fix_all(check: Callable[[Mapping[str, bytes]], Iterable[Finding]], read: Callable[[str], bytes | None]) -> Fixed:
    """Fix until nothing more can be fixed.

    ``check`` gives the findings of a tree in which the files have the given
    bytes instead of their own; ``read`` gives those of their own.
    """
    contents: dict[str, bytes] = {}
    findings: list[Finding] = []
    refused: set[str] = set()
    for _ in range(_PASSES):
        found = list(check(contents))
        paths = {edit.path for finding in found if finding.fix for edit in finding.fix.edits}
        fixed = apply_fixes(found, {path: contents[path] if path in contents else read(path) for path in sorted(paths)})
        refused |= set(fixed.refused)
        if not fixed.contents:
            break
        contents.update(fixed.contents)
        findings += fixed.findings
    return Fixed(contents=contents, findings=tuple(findings), refused=tuple(sorted(refused)))


def apply_fixes(findings: Iterable[Finding], contents: Mapping[str, bytes | None]) -> Fixed:
    """Apply the fixes of the findings to the bytes of the files that they name, None for a file that is not there.

    Findings are taken in the order of the report.  A fix is applied whole or
    not at all: of two that overlap the first is applied, and the other can be
    found again in the result.  Equal fixes are one.
    """
    texts: dict[str, _Text] = {}
    refused: set[str] = set()
    for path, data in contents.items():
        try:
            texts[path] = _Text((data or b"").decode("utf-8"))
        except UnicodeDecodeError:
            refused.add(path)
    applied: list[Finding] = []
    accepted: set[Fix] = set()
    for finding in findings:
        fix = finding.fix
        if fix is None or any(edit.path not in texts for edit in fix.edits):
            continue
        if fix not in accepted:
            if any(texts[edit.path].overlaps(edit) for edit in fix.edits):
                continue
            for edit in fix.edits:
                texts[edit.path].add(edit)
            accepted.add(fix)
        applied.append(finding)
    made = {path: text.changed() for path, text in texts.items()}
    return Fixed(
        contents={path: data for path, data in made.items() if data != (contents[path] or b"")},
        findings=tuple(applied),
        refused=tuple(sorted(refused)),
    )


def changes_of(fix: Fix, contents: Mapping[str, bytes | None]) -> dict[str, tuple[Change, ...]]:
    """What a fix changes in each file, in order; ``contents`` is as for :func:`apply_fixes`.

    Raises :class:`UnicodeDecodeError` for a file that is no UTF-8.
    """
    texts = {path: _Text((contents[path] or b"").decode("utf-8")) for path in dict.fromkeys(edit.path for edit in fix.edits)}
    for edit in fix.edits:
        texts[edit.path].add(edit)
    return {path: text.changes for path, text in texts.items()}


def unified_diff(path: str, before: bytes | None, after: bytes) -> str:
    """What changes in a file, as git and patch read it; ``before`` is None for a new file."""
    old, new = ((data or b"").decode("utf-8").split("\n") for data in (before, after))
    lines = difflib.unified_diff(_lines(old), _lines(new), "/dev/null" if before is None else f"a/{path}", f"b/{path}", lineterm="\n")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(parts: list[str]) -> list[str]:
    # Only a line feed ends a line, as in a Dockerfile.
    lines = [f"{part}\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


class _Text:
    """A text, in which places are found as the parser counts them."""

    def __init__(self, text: str) -> None:
        self._mark = _MARK if text.startswith(_MARK) else ""
        self._text = text.removeprefix(_MARK)
        self._starts = [0]
        for line in self._text.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._changes: list[Change] = []
        self._ending = "\r\n" if "\r\n" in self._text else "\n"

    def overlaps(self, edit: Edit) -> bool:
        """Whether an edit that was added touches the same text, or inserts at the same place."""
        change = self._change(edit)
        index = bisect_left(self._changes, change)
        return any(_overlap(change, other) for other in self._changes[max(0, index - 1) : index + 1])

    def add(self, edit: Edit) -> None:
        insort(self._changes, self._change(edit))

    @property
    def changes(self) -> tuple[Change, ...]:
        """All edits that were added, in order, at their offsets in the whole text, its mark counted."""
        shift = len(self._mark)
        return tuple(Change(start + shift, end + shift, text) for start, end, text in self._changes)

    def changed(self) -> bytes:
        """The bytes after all edits that were added."""
        parts, position = [self._mark], 0
        for change in self._changes:
            parts += [self._text[position : change.start], change.text]
            position = change.end
        return "".join([*parts, self._text[position:]]).encode("utf-8")

    def _change(self, edit: Edit) -> Change:
        start, end = self._offset(edit.span.start), self._offset(edit.span.end)
        return Change(start, max(start, end), edit.text.replace("\n", self._ending))

    def _offset(self, position: Position) -> int:
        line = min(position.line, len(self._starts)) - 1
        return min(self._starts[line] + position.column - 1, len(self._text))


def _overlap(one: Change, other: Change) -> bool:
    if one.start == one.end or other.start == other.end:
        # Two insertions at one place have no order.
        return one.start <= other.end and other.start <= one.end
    return one.start < other.end and other.start < one.end
