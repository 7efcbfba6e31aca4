"""What changed between two states of an app, for a person and for a machine."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from optimizer.model.text import printable
from optimizer.planning.difference.values import Reason
from optimizer.planning.explanation import FleetLayer, Sum
from optimizer.report.counts import counted, users_counted
from optimizer.report.plan.figures import listed, size_of_sum
from optimizer.report.sizes import size_text

_MOST_DETAILS = 40
_MOST_PUSHED = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What changed in the same way in the images of some functions: a stage, or with an empty name the image beside its layers."""

    name: str
    functions: tuple[str, ...]
    reasons: tuple[Reason, ...]
    is_layer: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceReport:
    """What changed, and what is pushed.

    ``changes`` say why, those of most functions first.  ``same`` are the
    functions whose images are the same, ``added`` and ``removed`` those that
    only one side has, and ``changed`` all others.  ``pushed`` are the layers
    that only the new side has, with ``functions`` as numbers in ``names``;
    ``notes`` say what cannot be told.  ``runtimes`` are those of all names that
    are images of customer-managed runtimes.
    """

    changes: tuple[Changed, ...]
    changed: tuple[str, ...]
    same: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    names: tuple[str, ...]
    pushed: tuple[FleetLayer, ...]
    notes: tuple[str, ...] = ()
    runtimes: frozenset[str] = frozenset()

    @property
    def pushed_bytes(self) -> Sum:
        """The bytes of the layers that are pushed, as far as they are known."""
        return Sum.of(layer.size_bytes for layer in self.pushed)


def difference_as_text(report: DifferenceReport, width: int) -> str:
    """Why, layer by layer, and what is pushed."""
    return "\n".join(_lines(report, width))


def _lines(report: DifferenceReport, width: int) -> Iterator[str]:
    for each in report.changes:
        what = f"{each.name}{'' if each.is_layer else ', no layer,'}" if each.name else "image"
        yield from _wrapped(f"{printable(what)} of {listed(each.functions)}", width)
        for reason in each.reasons:
            yield from _wrapped(printable(reason.text), width, 2)
            for detail in reason.details[:_MOST_DETAILS]:
                yield from _wrapped(printable(detail), width, 4)
            if len(reason.details) > _MOST_DETAILS:
                yield f"    and {len(reason.details) - _MOST_DETAILS} more; --format json lists all"
    for title, names in (("new", report.added), ("not there any more", report.removed), ("the same", report.same)):
        if names:
            yield from _wrapped(f"{title}: {listed(names)}", width)
    for note in report.notes:
        yield from _wrapped(f"cannot be told: {printable(note)}", width)
    yield from (
        line
        for layer in report.pushed[:_MOST_PUSHED]
        for line in _wrapped(
            f"pushes {printable(', '.join(layer.names))} of {listed([report.names[number] for number in layer.functions])}: "
            f"{size_text(layer.size_bytes)}",
            width,
        )
    )
    if len(report.pushed) > _MOST_PUSHED:
        yield f"and {len(report.pushed) - _MOST_PUSHED} more; --format json lists all"
    yield _total(report)


def _total(report: DifferenceReport) -> str:
    others = [*report.changed, *report.added]
    functions = [path for path in others if path not in report.runtimes]
    users = users_counted(functions, report.runtimes.intersection(others))
    return f"{users} with another image, {counted(len(report.pushed), 'layer')} to push, {size_of_sum(report.pushed_bytes)}"


def _wrapped(text: str, width: int, indent: int = 0) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=" " * indent, subsequent_indent=" " * (indent + 4), break_long_words=False, break_on_hyphens=False
    )


def difference_to_dict(report: DifferenceReport) -> dict[str, Any]:
    """The same as data for JSON; sizes in bytes, null where nobody knows, and ``layer`` null for what is about an image."""
    return {
        "changes": [
            {
                "name": each.name or None,
                "layer": each.is_layer if each.name else None,
                "functions": list(each.functions),
                "reasons": [{"text": reason.text, "details": list(reason.details)} for reason in each.reasons],
            }
            for each in report.changes
        ],
        "changed": list(report.changed),
        "same": list(report.same),
        "added": list(report.added),
        "removed": list(report.removed),
        "pushed": [
            {
                "names": list(layer.names),
                "key": layer.key,
                "sizeBytes": layer.size_bytes,
                "functions": [report.names[number] for number in layer.functions],
            }
            for layer in report.pushed
        ],
        "pushedBytes": round(report.pushed_bytes.value),
        "sizesUnknown": report.pushed_bytes.unknown,
        "unknown": list(report.notes),
    }
