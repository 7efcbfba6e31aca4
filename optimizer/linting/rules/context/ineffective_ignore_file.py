"""LIO504: an ignore file leaves nothing out."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from optimizer.dockerfile.instruction import Position, Span
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject, IgnoreFile

_ALL = frozenset(["*", "**", "**/*", "*/**", "."])


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for ignore in (subject.ignore, subject.own_ignore):
        if ignore is not None:
            yield from _judged(ignore, subject)


def _judged(ignore: IgnoreFile, subject: DockerfileSubject) -> Iterator[Verdict]:
    patterns = [(number, text.strip()) for number, text in enumerate(ignore.lines, 1) if text.strip() and not text.lstrip().startswith("#")]
    positive = [number for number, text in patterns if not text.startswith("!")]
    back = [number for number, text in patterns if text.startswith("!") and posixpath.normpath(text[1:].strip().lstrip("/")) in _ALL]
    if positive and back and back[-1] > positive[-1]:
        line = ignore.lines[back[-1] - 1]
        span = Span(Position(back[-1], 1), Position(back[-1], len(line) + 1))
        yield Violation(message=f'"{line.strip()}" includes everything again that the lines before leave out', path=ignore.path, span=span)
    elif patterns and not positive and not _copies_everything(subject):
        yield Violation(message=f'"{ignore.path}" leaves nothing out: all its patterns start with !', path=ignore.path)


def _copies_everything(subject: DockerfileSubject) -> bool:
    """Whether another rule reports the same fault, at the copy."""
    return any(source.everything for item in subject.needed_stages for _, copy in subject.copies(item) for source in copy.from_context)


RULE = Rule(
    id="LIO504",
    name="ineffective-ignore-file",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="An ignore file leaves nothing out.",
    why=(
        "A pattern with ! includes again what the patterns before it leave out, and the last one that matches decides: "
        "everything is sent to the "
        "builder and counts for the asset's hash."
    ),
    fix="put * first, and then what the function needs, each with !",
    bad=".git\n.venv\n!**",
    good="*\n!app.py\n!shop",
    example="text",
    dockerfile=_check,
)
