"""Results of rules: violations and findings, with their places and fixes."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from optimizer.dockerfile.instruction import Span


class Severity(enum.Enum):
    """How a finding counts; members are ordered from the highest to the lowest."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the highest."""
        return list(Severity).index(self)

    def at_least(self, threshold: Severity) -> bool:
        """Whether it is the threshold, or higher."""
        return self.rank <= threshold.rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a finding is.

    ``path`` is the file as the user named it, from the current directory even
    where that was an absolute path; it is empty when there is none.
    ``span`` is None for the file as a whole; ``construct`` is the path of the
    function's construct, the resource's logical name, or the name of an image
    that lies in no file; empty for everything else.
    """

    path: str = ""
    span: Span | None = None
    construct: str = ""

    def __str__(self) -> str:
        parts = [self.path, str(self.span.start) if self.span else ""]
        return ":".join(part for part in parts if part) or self.construct


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Put a text in place of a span of a file; an empty span inserts."""

    path: str
    span: Span
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A change that a machine can make without changing anything else; the edits do not overlap."""

    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Returned when a convention is broken at the span, or without one by the subject as a whole.

    ``hint`` is the fix here; where it is empty, the rule's own advice
    counts.  ``path`` names another file than the subject's own, ``construct``
    another construct.
    """

    message: str
    span: Span | None = None
    path: str = ""
    construct: str = ""
    hint: str = ""
    fix: Fix | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inconclusive:
    """Returned when a rule cannot decide, because a value is only known at build or deploy time."""

    reason: str
    span: Span | None = None


Verdict = Violation | Inconclusive
"""A check that yields nothing is satisfied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One broken convention.

    ``excerpt`` is the line of the file at which the location starts, empty
    where there is none.  ``also`` names other constructs with the same finding.
    """

    rule: str
    name: str
    severity: Severity
    message: str
    hint: str
    location: Location
    excerpt: str = ""
    fix: Fix | None = None
    also: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[object, ...]:
        """By place, then by rule."""
        span = self.location.span
        place = (span.start.line, span.start.column) if span else (0, 0)
        return (self.location.path, *place, self.rule, self.location.construct, self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class InconclusiveCheck:
    """A rule that could not decide at one place, and why."""

    rule: str
    name: str
    reason: str
    location: Location
