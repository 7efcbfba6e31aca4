"""Which function has which layer, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.model.text import printable
from optimizer.planning.explanation import FleetLayer
from optimizer.report.plan.figures import WIDE, probability_text
from optimizer.report.sizes import size_text
from optimizer.report.table import all_shortened, table

_HAS, _HAS_NOT = "x", "."
_NAME = 32
_LEAST = 10
"""A block has at least so many functions."""
_MOST_ALONE = 20
"""Of layers that one function has, so many are shown: the table of functions counts them."""


def matrix(layers: Sequence[FleetLayer], functions: int, width: int) -> Iterator[str]:
    """Tables of layers by functions, whose numbers from 1 stand above their columns; as many as the functions take.

    Of many layers that one function has, the last are counted.
    """
    alone = [layer for layer in layers if len(layer.functions) == 1]
    left_out = {layer.key for layer in alone[_MOST_ALONE:]}
    shown = [layer for layer in layers if layer.key not in left_out]
    names = all_shortened([printable(", ".join(layer.names)) for layer in shown], _NAME if width < WIDE else 2 * _NAME)
    named = [
        (
            name,
            size_text(layer.size_bytes),
            probability_text(layer.explained.figures.probability),
            frozenset(layer.functions),
        )
        for name, layer in zip(names, shown, strict=True)
    ]
    header = ("layer", "size", "changes")
    left = sum(max(map(len, (title, *(str(line[column]) for line in named)))) + 2 for column, title in enumerate(header))
    per_block = max(_LEAST, width - left)
    for start in range(0, functions, per_block):
        numbers = range(start, min(start + per_block, functions))
        lines = [
            (name, size, change, "".join(_HAS if number in users else _HAS_NOT for number in numbers))
            for name, size, change, users in named
            if not users.isdisjoint(numbers)
        ]
        if lines:
            *above, last = _headings(numbers)
            rows = [*(("", "", "", heading) for heading in above), (*header, last), *lines]
            yield table(rows[0], rows[1:])
    if left_out:
        yield f"and {len(left_out)} more {'layer' if len(left_out) == 1 else 'layers'} of one function each; --format json lists all"


def _headings(numbers: range) -> list[str]:
    """The digits of the numbers from 1, one line for each place, so that a function takes one column."""
    digits = len(str(numbers[-1] + 1))
    return ["".join(f"{number + 1:>{digits}}"[place] for number in numbers) for place in range(digits)]
