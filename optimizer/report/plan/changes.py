"""What a change of files makes and pushes, for a person and for a machine."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.model.text import printable
from optimizer.planning.explanation import FleetLayer, Sum
from optimizer.report.plan.figures import listed, size_of_sum
from optimizer.report.sizes import size_text
from optimizer.report.table import fitted_table


@dataclass(frozen=True, slots=True, kw_only=True)
class PathRow:
    """A path that changes.

    ``readers`` are the stages that read it, each with the image's function or
    specification.  ``decided`` are those whose packages it names: which of them
    are made again depends on which packages change.  ``note`` says what else is
    to be known, empty for nothing.
    """

    path: str
    readers: tuple[tuple[str, str], ...]
    decided: tuple[tuple[str, str], ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeReport:
    """What a change of the paths makes again.

    ``names`` are the functions or the specification by their numbers in
    ``layers``, which are those that are made and pushed, without the keys that
    they will have; ``stages`` are those that are made and no layers, as pairs
    of function and stage.  ``staying`` is the number of layers that some image
    keeps, and ``unknown`` are functions of which nothing can be told, with the
    reason.
    """

    paths: tuple[PathRow, ...]
    names: tuple[str, ...]
    layers: tuple[FleetLayer, ...]
    stages: tuple[tuple[str, str], ...]
    staying: int
    unknown: tuple[tuple[str, str], ...]

    @property
    def pushed(self) -> Sum:
        """The bytes that are pushed, each layer once."""
        return Sum.of(layer.size_bytes for layer in self.layers)


def changes_as_text(report: ChangeReport, width: int) -> str:
    """Who reads each path, and the layers that are made and pushed."""
    return "\n".join(_lines(report, width))


def _lines(report: ChangeReport, width: int) -> Iterator[str]:
    for row in report.paths:
        yield from _wrapped(f"{printable(row.path)}: {_read_by(row)}", width)
        if row.decided:
            yield from _wrapped(f"  may make, by which packages change in it: {_stages(row.decided)}", width)
        if row.note:
            yield from _wrapped(f"  {row.note}", width)
    if report.layers:
        rows = [
            [
                printable(", ".join(layer.names)),
                size_text(layer.size_bytes),
                listed([report.names[number] for number in layer.functions]),
            ]
            for layer in report.layers
        ]
        yield fitted_table(("made and pushed", "size", "of"), rows, width, (2, 0))
    for function, stage in report.stages:
        yield from _wrapped(f"made on the way, and no layer: {printable(stage)} of {printable(function)}", width)
    for function, reason in report.unknown:
        yield from _wrapped(f"cannot be told of {printable(function)}: {reason}", width)
    made = len(report.layers)
    yield (
        f"{made} {'layer' if made == 1 else 'layers'} made and pushed, {size_of_sum(report.pushed)}; "
        f"{report.staying} {'stays' if report.staying == 1 else 'stay'}"
    )


def _read_by(row: PathRow) -> str:
    if row.readers:
        return f"read by {_stages(row.readers)}"
    return "names the packages of layers" if row.decided else "no image reads it"


def _stages(places: Sequence[tuple[str, str]]) -> str:
    """Stages with the functions that have them, those of the same functions together."""
    functions: dict[str, list[str]] = {}
    for function, stage in places:
        functions.setdefault(stage, []).append(function)
    stages: dict[tuple[str, ...], list[str]] = {}
    for stage, having in functions.items():
        stages.setdefault(tuple(having), []).append(printable(stage))
    return "; ".join(f"{', '.join(names)} of {listed(having)}" for having, names in stages.items())


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False, drop_whitespace=True)


def changes_to_dict(report: ChangeReport) -> dict[str, Any]:
    """The same as data for JSON; sizes in bytes, null where nobody knows."""
    return {
        "paths": [
            {
                "path": row.path,
                "readBy": [{"image": function, "stage": stage} for function, stage in row.readers],
                "mayMake": [{"image": function, "stage": stage} for function, stage in row.decided],
                **({"note": row.note} if row.note else {}),
            }
            for row in report.paths
        ],
        "layers": [
            {
                "names": list(layer.names),
                "sizeBytes": layer.size_bytes,
                "functions": [report.names[number] for number in layer.functions],
            }
            for layer in report.layers
        ],
        "stages": [{"image": function, "stage": stage} for function, stage in report.stages],
        "unknown": [{"image": function, "reason": reason} for function, reason in report.unknown],
        "pushedBytes": round(report.pushed.value),
        "sizesUnknown": report.pushed.unknown,
        "layersStaying": report.staying,
    }
