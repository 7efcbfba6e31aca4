"""Violations that several rules report in the same words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from optimizer.dockerfile.instruction import Span
from optimizer.linting.finding import Violation
from optimizer.model.text import printable

if TYPE_CHECKING:
    from optimizer.images.overlay import Sample


def not_allowed(noun: str, value: str, allowed: Sequence[str], span: Span | None = None) -> Iterator[Violation]:
    """A violation for a value that the conventions do not allow; an empty ``allowed`` allows everything."""
    if allowed and value not in allowed:
        yield Violation(message=f'the {noun} "{value}" is not allowed; allowed: {", ".join(allowed)}', span=span)


def in_image(message: str, paths: Sample | None = None) -> Violation:
    """A violation of a built image, whose names and texts come from anyone, with the first of the paths behind it."""
    return Violation(message=printable(message + (_examples(paths) if paths else "")))


def _examples(paths: Sample) -> str:
    more = paths.count - len(paths.examples)
    return ": " + ", ".join(paths.examples) + (f" and {more} more" if more else "")
