"""Whether a function asks for SnapStart."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.facts.properties import HIDDEN, property_of
from optimizer.linting.finding import Inconclusive
from optimizer.linting.subjects import FunctionSubject

APPLY_ON = ("SnapStart", "ApplyOn")
"""Where the properties of a function say it."""


def asks_for_snapstart(subject: FunctionSubject) -> bool | None:
    """Whether the function asks for SnapStart; None where only a deployment knows it."""
    value = property_of(subject.declared, *APPLY_ON)
    return None if value is HIDDEN else value == "PublishedVersions"


def unknown(subject: FunctionSubject) -> Iterator[Inconclusive]:
    """What a rule says of a function of which only a deployment knows whether it asks for SnapStart."""
    yield Inconclusive(reason="whether the function has SnapStart is known at deployment only", span=subject.place(*APPLY_ON))
