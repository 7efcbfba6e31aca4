"""Tables: plain ones, which a terminal, a log and a diff show alike, and those of pages."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

_LEAST = 8
"""A cell that is cut keeps so many columns."""
_BETWEEN_WORDS = "-./_ "
LEAST_LAST = 60
"""A last cell that is cut keeps so many columns, or gets a line of its own."""


def table(header: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "") -> str:
    """Rows under a header, in columns as wide as their widest cell; the last column is not padded."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        (
            indent
            + "  ".join(cell.ljust(width) for cell, width in zip(line[:-1], widths, strict=False))
            + ("  " if len(line) > 1 else "")
            + line[-1]
        ).rstrip()
        for line in lines
    )


def fitted_table(header: Sequence[str], rows: Sequence[Sequence[str]], width: int, shrinkable: Sequence[int], indent: str = "") -> str:
    """The table in so many columns of a terminal: the cells of the columns that may shrink are :func:`shortened`, those of the widest first.

    Where that is not enough, lines are longer.
    """
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    excess = len(indent) + sum(widths) + 2 * (len(header) - 1) - width
    least = {column: max(_LEAST, len(header[column])) for column in shrinkable}
    while excess > 0 and (wide := [column for column in shrinkable if widths[column] > least[column]]):
        widths[max(wide, key=lambda column: widths[column])] -= 1
        excess -= 1
    columns = [list(column) for column in zip(*rows, strict=True)]
    for column in shrinkable if columns else ():
        columns[column] = all_shortened(columns[column], widths[column])
    return table(header, list(zip(*columns, strict=True)), indent)


def table_with_last_cut(
    header: Sequence[str], rows: Sequence[Sequence[str]], width: int, indent: str = "", *, least: int = LEAST_LAST
) -> str:
    """The table in so many columns: of the last cell of a row, whose beginning says the most, the end is left out.

    Where the other columns leave fewer than ``least`` for it, it stands on a line of its own.
    """
    widths = [max(len(line[column]) for line in (header, *rows)) for column in range(len(header) - 1)]
    left = width - len(indent) - sum(widths) - 2 * len(widths)
    longest = max((len(row[-1]) for row in rows), default=0)
    if longest <= left or left >= least:
        return table(header, [[*row[:-1], cut_end(row[-1], left)] for row in rows], indent)
    lines = table(header[:-1], [row[:-1] for row in rows], indent).splitlines()
    margin = indent + " " * (widths[0] + 2)
    below = [[margin + cut_end(row[-1], width - len(margin))] if row[-1] != "-" else [] for row in rows]
    return "\n".join([lines[0], *(line for first, more in zip(lines[1:], below, strict=True) for line in (first, *more))])


def cut_end(text: str, width: int) -> str:
    """The text in so many columns, its end left out."""
    return text if len(text) <= width else f"{text[: max(0, width - 1)]}…"


def shortened(text: str, width: int, alike: int = 0) -> str:
    """The text in so many columns, its middle left out: names of one app begin alike.

    Of what is ``alike``, the first characters that other texts have too, more is
    left out, as far as that keeps the rest of the text together.
    """
    half = (width - 1) // 2
    if len(text) <= width:
        return text
    if alike and len(text) - alike < width:
        return f"{text[: width - 1 - len(text) + alike]}…{text[alike:]}"
    if len(text) - alike >= width and alike >= width - 1 - half:
        # The beginning would be nothing but what is alike.
        return f"…{shortened(text[alike:], width - 1)}"
    return f"{text[: width - 1 - half]}…{text[len(text) - half :]}"


def all_shortened(texts: Sequence[str], width: int) -> list[str]:
    """The texts of a column in so many columns, what they have in common before a word left out first."""
    alike: dict[str, int] = {}
    for one, other in itertools.pairwise(sorted(set(texts))):
        both = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
        end = next((place + 1 for place in reversed(range(both)) if one[place] in _BETWEEN_WORDS), 0)
        for text in (one, other):
            alike[text] = max(end, alike.get(text, 0))
    short = {text: shortened(text, width, alike.get(text, 0)) for text in {*texts}}
    times = Counter(short.values())
    # What is alike of one name may be what tells it from another: such names lose their middles.
    return [short[text] if times[short[text]] == 1 else shortened(text, width) for text in texts]


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The table as Markdown has it."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"|{'|'.join(cell if cell == '---' else f' {cell} ' for cell in line)}|" for line in lines)
