"""The commands of RUN."""

from __future__ import annotations

import pytest

from optimizer.dockerfile.instruction import Position
from optimizer.dockerfile.parse import parse
from optimizer.dockerfile.shell import Command, commands


def of(text: str) -> list[Command]:
    return list(commands(parse(f"FROM a\n{text}").instructions[1]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN a b && c; d || e | f & g", [["a", "b"], ["c"], ["d"], ["e"], ["f"], ["g"]]),
        ("RUN a 'b c' \"d $e\" f\\ g", [["a", "b c", "d $e", "f g"]]),
        ("RUN A=1 sudo -E B=2 a b", [["a", "b"]]),
        ("RUN a > /dev/null 2>&1 < b 2>>log c", [["a", "c"]]),
        ("RUN (cd x && a) # b && c", [["cd", "x"], ["a"]]),
        ("RUN if a; then b; else c; fi", [["a"], ["b"], ["c"]]),
        ("RUN a $(b c) `d`", [["a"], ["b", "c"], ["d"]]),
        ("RUN a#b", [["a#b"]]),
        ('RUN ["a", "b c"]', [["a", "b c"]]),
        ('RUN bash -ec "a && b"', [["bash", "-ec", "a && b"], ["a"], ["b"]]),
        ('RUN ["sh", "-c", "a | b"]', [["sh", "-c", "a | b"], ["a"], ["b"]]),
        ("RUN --mount=type=cache,target=/x a \\\n && b", [["a"], ["b"]]),
        ("RUN <<EOF\na b\n\nc \\\n  d\nEOF", [["a", "b"], ["c", "d"]]),
        ("RUN <<EOF cat\na b\nEOF", [["cat"]]),
        ("RUN <<EOF\n#!/usr/bin/env python3\nimport x\nEOF", []),
        ("COPY a b", []),
    ],
)
def test_are_told_apart(text: str, expected: list[list[str]]) -> None:
    assert [list(command.words) for command in of(text)] == expected


def test_know_their_places() -> None:
    _, second = of("RUN a \\\n  && /usr/bin/b c")
    assert (second.program, second.span.start, second.span.end) == ("b", Position(3, 6), Position(3, 18))
    inside = of("RUN <<EOF\na\n  b c\nEOF")[1]
    assert (inside.span.start, inside.at(1).start) == (Position(4, 3), Position(4, 5))
