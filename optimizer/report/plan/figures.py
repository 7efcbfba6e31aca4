"""Numbers of stages for people and for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optimizer.model.figures import Source
from optimizer.model.text import printable
from optimizer.planning.explanation import ExplainedStage, Sum
from optimizer.report.sizes import size_text

_MOST_NAMES = 5

WIDE = 120
"""From so many columns on, a stage is one line with all that is said of it."""

SHORT = 12
"""Digits of a digest or a key that people compare."""


def probability_text(probability: float) -> str:
    """A probability in few digits, never as zero what is more than that."""
    return f"{probability:.2g}"


def expected_size(size: float | None) -> str:
    """An expected number of bytes; ``-`` where unknown."""
    return size_text(None if size is None else round(size))


def expected_time(seconds: float | None) -> str:
    """An expected number of seconds; ``-`` where unknown."""
    return "-" if seconds is None else f"{seconds:.2f} s"


def sourced(text: str, source: Source | None) -> str:
    """A value with the word for where it comes from."""
    return f"{text} {source.value}" if source is not None else text


def size_of_sum(found: Sum) -> str:
    """A sum of sizes, with a plus where there is more of unknown size."""
    if not found.unknown:
        return size_text(round(found.value))
    return f"{size_text(round(found.value))}+" if found.value else "-"


def listed(names: Sequence[str]) -> str:
    """Names for a line of text: the first of many, and how many more there are."""
    shown = ", ".join(map(printable, names[:_MOST_NAMES]))
    return shown if len(names) <= _MOST_NAMES else f"{shown} and {len(names) - _MOST_NAMES} more"


def unknown_text(pushed: Sum, seconds: Sum) -> str:
    """How many sizes and times are unknown; empty for none."""
    parts = [f"{pushed.unknown} {'size' if pushed.unknown == 1 else 'sizes'}"] if pushed.unknown else []
    parts += [f"{seconds.unknown} {'time' if seconds.unknown == 1 else 'times'}"] if seconds.unknown else []
    return " and ".join(parts)


def stage_to_dict(each: ExplainedStage) -> dict[str, Any]:
    """One stage as data for JSON; null where nobody knows."""
    figures = each.figures
    return {
        "name": each.stage.name,
        "step": each.stage.step,
        "key": each.key,
        "layer": each.is_layer,
        "sizeBytes": figures.size_bytes,
        "sizeFrom": figures.size_from.value if figures.size_from else None,
        "seconds": figures.seconds,
        "secondsFrom": figures.seconds_from.value if figures.seconds_from else None,
        "changeProbability": figures.probability,
        "changeFrom": figures.probability_from.value,
        "evidenceDate": figures.evidence_date or None,
        "madeProbability": rounded(each.made),
        "expectedPushedBytes": None if each.pushed_bytes is None else round(each.pushed_bytes),
        "expectedSeconds": None if each.seconds is None else rounded(each.seconds),
    }


def rounded(value: float, digits: int = 6) -> float:
    """Without what is left of rounding: a difference of nothing is zero, and has no sign."""
    return round(value, digits) + 0.0
