"""Values of which a house allows some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.dockerfile.instruction import Span
from optimizer.lint.finding import Violation


def outside(noun: str, value: str, allowed: Sequence[str], span: Span | None = None) -> Iterator[Violation]:
    """A violation for a value that is not allowed; an empty ``allowed`` allows everything."""
    if allowed and value not in allowed:
        yield Violation(message=f'the {noun} "{value}" is not allowed; allowed: {", ".join(allowed)}', span=span)
