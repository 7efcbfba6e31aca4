"""Two values, as a reason why something is another one."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from optimizer.model.plan import OnTarget
from optimizer.model.reference import ImageReference

_SHORT = 12


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is another one: a line, and what more there is to it."""

    text: str
    details: tuple[str, ...] = ()


def pairs(what: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Reason]:
    """What differs in two tables."""
    for name in sorted({*before, *after}):
        if name not in after:
            yield Reason(f"{what} {name} is gone, which was {before[name]}")
        elif name not in before:
            yield Reason(f"{what} {name} is new: {after[name]}")
        else:
            yield from value_reasons(f"{what} {name}", before[name], after[name])


def value_reasons(what: str, before: Any, after: Any) -> Iterator[Reason]:
    """A reason where the two differ; of one image with two digests, that its pin does."""
    if before == after:
        return
    if isinstance(before, ImageReference) and isinstance(after, ImageReference) and before.tagged == after.tagged:
        yield Reason(f"pin of {before.tagged}: {_digest(before)} -> {_digest(after)}")
    else:
        yield Reason(f"{what}: {shown(before)} -> {shown(after)}")


def _digest(image: ImageReference) -> str:
    return image.digest.removeprefix("sha256:")[:_SHORT] if image.digest else "none"


def shown(value: Any) -> str:
    """A value in a line of text."""
    if value is None or value == () or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, OnTarget):
        return value.reason
    if isinstance(value, ImageReference):
        return f"{value.tagged}@{_digest(value)}" if value.digest else str(value)
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, tuple):
        return ", ".join(map(shown, value))
    if is_dataclass(value):
        return " ".join(shown(item) for field in fields(value) if (item := getattr(value, field.name)) != field.default)
    return str(value)
