"""Violations that several rules report in the same words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from optimizer.dockerfile.instruction import Span
from optimizer.linting.finding import Violation
from optimizer.model.text import printable

if TYPE_CHECKING:
    from optimizer.images.overlay import Sample
    from optimizer.linting.subjects import AppSubject
    from optimizer.model.template import TemplateFaultKind


def not_allowed(noun: str, value: str, allowed: Sequence[str], span: Span | None = None) -> Iterator[Violation]:
    """A violation for a value that the conventions do not allow; an empty ``allowed`` allows everything."""
    if allowed and value not in allowed:
        yield Violation(message=f'the {noun} "{value}" is not allowed; allowed: {", ".join(allowed)}', span=span)


def declared(subject: AppSubject, kind: TemplateFaultKind) -> Iterator[Violation]:
    """A violation for each declaration of a template that has a fault of the kind."""
    for fault in subject.faults:
        if fault.kind is kind:
            problem = fault.problem
            span = None if fault.generated else problem.span
            yield Violation(message=problem.message, span=span, path=fault.generated, construct=fault.construct, hint=problem.hint)


def in_image(message: str, paths: Sample | None = None, hint: str = "") -> Violation:
    """A violation of a built image, whose names and texts come from anyone, with the first of the paths behind it."""
    return Violation(message=printable(message + (_examples(paths) if paths else "")), hint=printable(hint))


def _examples(paths: Sample) -> str:
    more = paths.count - len(paths.examples)
    return ": " + ", ".join(paths.examples) + (f" and {more} more" if more else "")
