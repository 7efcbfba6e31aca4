"""The functions of an app for a terminal: a table of them, and which layers they share."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from optimizer.model.text import printable
from optimizer.planning.explanation import FleetLayer, Sum
from optimizer.report.counts import counted, users_counted
from optimizer.report.plan.figures import SHORT, WIDE, size_of_sum, unknown_text
from optimizer.report.plan.matrix import matrix
from optimizer.report.plan.rows import FunctionRow, expected_push, layer_counts, layers_of
from optimizer.report.sizes import size_text
from optimizer.report.table import fitted_table


def functions_as_text(rows: Sequence[FunctionRow], width: int) -> str:
    """An app: the table of functions, the matrix of layers and functions, what else is to be said, and a line that sums it up."""
    layers = layers_of(rows)
    blocks = [
        _table(rows, layers, width),
        *matrix(layers, len(rows), width),
        "\n".join(_details(rows, width)),
        "\n".join(_total(rows, layers, width)),
    ]
    return "\n\n".join(block for block in blocks if block)


def _table(rows: Sequence[FunctionRow], layers: Sequence[FleetLayer], width: int) -> str:
    header = ["", " or ".join(kinds_of(rows)), "arch", "base", "own size", "shared", "own"]
    cells = []
    for number, (row, counts) in enumerate(zip(rows, layer_counts(layers, len(rows)), strict=True), 1):
        shared, own = (str(count) if row.explained else "-" for count in counts)
        size = size_of_sum(row.own_size) if row.explained else "-"
        cells.append([str(number), printable(row.path), row.architecture, _short_base(row.base), size, shared, own])
    if width >= WIDE:
        header += ["image", "handler"]
        cells = [[*line, row.image[:SHORT], printable(_handler(row))] for line, row in zip(cells, rows, strict=True)]
    return fitted_table(header, cells, width, (1, 3, *range(len(header) - 1, 7, -1)))


def kinds_of(rows: Sequence[FunctionRow]) -> list[str]:
    """What the rows are of: functions, runtimes or both."""
    return [
        kind
        for kind, of_runtime in (("function", False), ("runtime", True))
        if any((row.runtime is not None) == of_runtime for row in rows)
    ]


def _handler(row: FunctionRow) -> str:
    return (row.handler or "of the image") if row.runtime is None else "-"


def _short_base(base: str) -> str:
    """The last name of the repository, and the tag: registries and digests are long, and alike."""
    return printable(base.partition("@")[0].rpartition("/")[2]) or "unknown"


def _details(rows: Sequence[FunctionRow], width: int) -> Iterator[str]:
    places: dict[str, list[int]] = {}
    for number, row in enumerate(rows, 1):
        places.setdefault(f"in {_repository(row) or 'a repository of its own'}", []).append(number)
    for place, numbers in places.items():
        yield f"{ranges_text(numbers)}  {place}"
    runtimes: dict[str, list[int]] = {}
    for number, row in enumerate(rows, 1):
        if row.runtime is not None:
            runtimes.setdefault(row.runtime or "whose name is known at deployment only", []).append(number)
    for name, numbers in runtimes.items():
        line = f"{ranges_text(numbers)}  runtime {printable(name)}: optimizer publish pushes it, and optimizer runtimes asks Lambda whether it takes it"
        yield from textwrap.wrap(line, width, subsequent_indent="   ", break_on_hyphens=False)
    for number, row in enumerate(rows, 1):
        notes = [*([f"SnapStart   {row.snapstart}"] if row.snapstart else []), *([f"note  {row.note}"] if row.note else [])]
        for note in notes:
            yield from textwrap.wrap(f"{number}  {note}", width, subsequent_indent="   ", break_on_hyphens=False)


def ranges_text(numbers: Sequence[int]) -> str:
    """Ascending numbers, neighbours as ranges: ``1-3, 7``."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][-1] == number - 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts)


def _total(rows: Sequence[FunctionRow], layers: Sequence[FleetLayer], width: int) -> Iterator[str]:
    if layers:
        stored = Sum.of(layer.size_bytes for layer in layers)
        pushed = expected_push(layers)
        unknown = unknown_text(pushed, Sum(value=0, unknown=0))
        line = (
            f"{counted(len(layers), 'layer')}, {size_of_sum(stored)} stored once; expected per deployment: {size_text(round(pushed.value))} pushed"
            + (f", unknown: {unknown}" if unknown else "")
        )
        yield from textwrap.wrap(line, width, subsequent_indent="  ", break_on_hyphens=False)
    images = {row.image for row in rows}
    yield f"{users_text(rows)}, {counted(len(images), 'image')}, {_repositories(rows)}"


def users_text(rows: Sequence[FunctionRow]) -> str:
    """How many functions and runtimes the rows are of; those of a runtime's architectures are of one runtime."""
    functions = [row.path for row in rows if row.runtime is None]
    return users_counted(functions, [row.path for row in rows if row.runtime is not None])


def _repositories(rows: Sequence[FunctionRow]) -> str:
    """How many there are; a repository of a stack without account and region is one in each that it is deployed to."""
    known = {_repository(row) for row in rows if row.repository and row.registry}
    everywhere = {row.repository for row in rows if row.repository and not row.registry}
    counts = [counted(len(known), "repository")] if known or not everywhere else []
    if everywhere:
        counts.append(f"{counted(len(everywhere), 'repository')} in each account and region")
    return " and ".join(counts)


def _repository(row: FunctionRow) -> str:
    return f"{row.registry}/{row.repository}" if row.registry and row.repository else row.repository
