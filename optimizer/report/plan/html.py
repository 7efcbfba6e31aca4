"""The layers of an app, or of one image, as one page of HTML: a picture to scale, and the same in tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.planning.explanation import ExplainedStage, FleetLayer, Sum
from optimizer.report.pages import Cell, cards, escaped, more, numbers, page, table
from optimizer.report.plan.figures import SHORT, expected_size, expected_time, probability_text, size_of_sum, sourced
from optimizer.report.plan.functions import kinds_of, ranges_text, users_text
from optimizer.report.plan.picture_style import STYLE
from optimizer.report.plan.rows import FunctionRow, expected_push, layer_counts, layers_of
from optimizer.report.sizes import size_text
from optimizer.report.summary_line import Line

_MOST = 500
_MOST_NAMES = 12
# A layer that is too small to be seen is drawn as wide as this, in pixels; the many small ones of a large fleet more narrowly.
_LEAST_PIXELS, _LEAST_OF_MANY = 6, 3
_MANY = 60
_UNSIZED_PIXELS = 40
_NAMED_SHARE = 0.04
_PARTS = 100_000


def plan_as_html(name: str, rows: Sequence[FunctionRow]) -> str:
    """The page; names that anybody may choose are escaped."""
    return page(f"Layers of {name}", _body(name, rows), STYLE)


def _body(name: str, rows: Sequence[FunctionRow]) -> Iterator[str]:
    layers = layers_of(rows)
    yield f"<h1>Layers of {escaped(name)}</h1>"
    yield cards(_summary(rows, layers))
    if layers:
        yield from _picture(rows, layers)
    yield f"<h2>{_users(rows).capitalize()}</h2>"
    yield _functions(rows, layers) + more(len(rows), _MOST)
    if layers:
        yield "<h2>Layers</h2>"
        yield _layers(layers) + more(len(layers), _MOST)
    for number, row in enumerate(rows, 1):
        if row.note:
            yield f'<p class="soft">{number} {escaped(row.path)}: {escaped(row.note)}</p>'
    yield (
        '<p class="soft">Sizes are as declared, as measured, or those of files before compression; what the picture draws is without the base. '
        "Expected is what a deployment pushes or takes on average: a number times the probability that the layer is made again.</p>"
    )


def _users(rows: Sequence[FunctionRow]) -> str:
    return " and ".join(f"{kind}s" for kind in kinds_of(rows))


def _summary(rows: Sequence[FunctionRow], layers: Sequence[FleetLayer]) -> Iterator[Line]:
    stored = Sum.of(layer.size_bytes for layer in layers)
    apart = Sum.of(layer.size_bytes for layer in layers for _ in layer.functions)
    shared = sum(len(layer.functions) > 1 for layer in layers)
    images = {row.image for row in rows}
    yield Line.of(len(images), "image", "images", f"of {users_text(rows)}")
    yield Line.of(len(layers), "layer", "layers", f"above the base, {shared} shared by several functions")
    yield Line(size_of_sum(stored), "stored once" + (f"; {size_of_sum(apart)} if nothing were shared" if shared else ""))
    yield Line(expected_size(expected_push(layers).value), "expected to be pushed by a deployment")


# The picture: one column for each layer, as wide as it is large, and one row for each image.


def _picture(rows: Sequence[FunctionRow], layers: Sequence[FleetLayer]) -> Iterator[str]:
    yield "<h2>Who has which layer</h2>"
    yield (
        '<p class="soft"><span class="key shared"></span>shared by several functions<span class="key own"></span>of one function'
        '<span class="key unsized"></span>size unknown. A layer stands at one place in all rows, as wide as it is large; the smallest are drawn wider. '
        "Point at one, tap it, or go there with the Tab key, for all that is known of it.</p>"
    )
    total = sum(layer.size_bytes or 0 for layer in layers) or 1
    columns = " ".join(_column(layer, total, len(layers)) for layer in layers)
    place = {layer.key: number for number, layer in enumerate(layers, 1)}
    yield f'<div class="scroll"><div class="fleet" style="--columns: {columns}">'
    for users in _images(rows)[:_MOST]:
        row = rows[users[0]]
        if row.explained:
            boxes = "".join(
                _box(each, layers[place[each.key] - 1], place[each.key], total, rows) for each in row.explained if each.is_layer
            )
            names = escaped(row.path) + (f' <span class="soft">and {len(users) - 1} more</span>' if len(users) > 1 else "")
            yield f'<div class="image"><span>{names}</span><div class="row">{boxes}</div><span class="size">{size_of_sum(row.own_size)}</span></div>'
    yield "</div></div>" + more(len(_images(rows)), _MOST)


def _images(rows: Sequence[FunctionRow]) -> list[list[int]]:
    """The numbers of the functions of each image."""
    found: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        found.setdefault(row.image, []).append(number)
    return list(found.values())


def _column(layer: FleetLayer, total: int, count: int) -> str:
    if layer.size_bytes is None:
        return f"{_UNSIZED_PIXELS}px"
    return f"minmax({_LEAST_PIXELS if count <= _MANY else _LEAST_OF_MANY}px, {layer.size_bytes * _PARTS // total}fr)"


def _box(each: ExplainedStage, layer: FleetLayer, column: int, total: int, rows: Sequence[FunctionRow]) -> str:
    large = layer.size_bytes is not None and layer.size_bytes / total >= _NAMED_SHARE
    kinds = ["layer", "shared" if len(layer.functions) > 1 else "own"]
    kinds += ["unsized"] if layer.size_bytes is None else [] if large else ["narrow"]
    about = _about(each, layer, rows)
    spoken = "; ".join(f"{term} {text}" if term else text for term, text in about)
    details = "".join(f"<dt>{escaped(term)}</dt><dd>{escaped(text)}</dd>" for term, text in about[1:])
    label = f"<b>{escaped(each.stage.name)}</b>" if large or layer.size_bytes is None else ""
    return (
        f'<div class="{" ".join(kinds)}" tabindex="0" role="img" aria-label="{escaped(spoken)}" style="grid-column: {column}">'
        f'{label}<div class="about" aria-hidden="true"><b>{escaped(about[0][1])}</b><dl>{details}</dl></div></div>'
    )


def _about(each: ExplainedStage, layer: FleetLayer, rows: Sequence[FunctionRow]) -> list[tuple[str, str]]:
    """What is said of a layer, as pairs of a term and a text; the first is its name."""
    figures = each.figures
    names = [rows[number].path for number in layer.functions]
    shown = ", ".join(names[:_MOST_NAMES]) + (f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else "")
    evidence = f" of {figures.evidence_date}" if figures.evidence_date else ""
    return [
        ("", f"{each.stage.name}: {each.stage.title}"),
        ("size", sourced(size_text(figures.size_bytes), figures.size_from)),
        ("changes", f"{sourced(probability_text(figures.probability), figures.probability_from)}{evidence} per deployment"),
        ("made again", f"{probability_text(each.made)} per deployment"),
        ("expected", f"{expected_size(each.pushed_bytes)} pushed, {expected_time(each.seconds)} to make it"),
        ("key", each.key[:SHORT]),
        ("functions", f"{len(names)}: {shown}"),
    ]


# The tables.


def _functions(rows: Sequence[FunctionRow], layers: Sequence[FleetLayer]) -> str:
    lines: list[list[Cell]] = []
    for number, (row, (shared, own)) in enumerate(zip(rows, layer_counts(layers, len(rows)), strict=True), 1):
        known = bool(row.explained)
        lines.append(
            [
                *numbers(str(number)),
                (row.path, "name"),
                row.architecture,
                (row.base.partition("@")[0].rpartition("/")[2] or "unknown", "w"),
                *numbers(size_of_sum(row.own_size) if known else "-", str(shared) if known else "-", str(own) if known else "-"),
                (row.image[:SHORT], "w"),
            ]
        )
    return table(("", "function", "architecture", "base", "own size", "layers shared", "own", "image"), lines[:_MOST])


def _layers(layers: Sequence[FleetLayer]) -> str:
    lines: list[list[Cell]] = []
    for layer in layers[:_MOST]:
        each = layer.explained
        figures = each.figures
        lines.append(
            [
                (", ".join(layer.names), "name"),
                *numbers(size_text(figures.size_bytes)),
                figures.size_from.value if figures.size_from else "-",
                *numbers(probability_text(figures.probability)),
                " ".join([figures.probability_from.value, figures.evidence_date]).strip(),
                *numbers(expected_size(each.pushed_bytes), expected_time(each.seconds), str(len(layer.functions))),
                ranges_text([number + 1 for number in layer.functions]),
                (each.key[:SHORT], "w"),
            ]
        )
    header = ("layer", "size", "size from", "changes", "from", "expected push", "expected time", "users", "functions", "key")
    return table(header, lines)
