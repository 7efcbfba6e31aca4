"""Parts of pages of HTML: no script, nothing from elsewhere, so that a page can be mailed and kept.

What comes in is text, and is escaped here; what comes out is HTML.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from optimizer.model.text import printable
from optimizer.report.page_style import STYLE
from optimizer.report.summary_line import Line

_MARKS = {"bad": "✗ ", "warn": "▲ ", "good": "✓ ", "plain": ""}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

Cell = str | tuple[str, str]
"""A text, with the class of its cell where it has one."""


def page(title: str, body: Iterable[str], style: str = "") -> str:
    """A whole page; the body is HTML, and ``style`` what the page needs beside the style of all."""
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            f"<title>{escaped(title)}</title><style>{STYLE}{style}</style></head><body>",
            *body,
            "</body></html>\n",
        ]
    )


def cards(lines: Iterable[Line]) -> str:
    """The lines of a summary side by side."""
    found = (
        f'<div class="card {line.state}"><b>{_MARKS[line.state]}{escaped(line.figure)}</b>{escaped(line.text)}</div>' for line in lines
    )
    return f'<div class="cards">{"".join(found)}</div>'


def bar(name: str, first: float, second: float, value: str) -> str:
    """A line of two parts, each of the whole width from 0 to 1."""
    return (
        f'<div class="bar"><span>{escaped(name)}</span><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="one" width="{100 * first:.2f}" height="10"/>'
        f'<rect class="two" x="{100 * first:.2f}" width="{100 * second:.2f}" height="10"/></svg>'
        f'<span class="n">{escaped(value)}</span></div>'
    )


def numbers(*texts: str) -> list[Cell]:
    """Cells of numbers."""
    return [(text, "n") for text in texts]


def table(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A table, which scrolls by itself where it is too wide."""

    def cell(tag: str, content: Cell) -> str:
        text, name = content if isinstance(content, tuple) else (content, "")
        return f"<{tag}{f' class={name}' if name else ''}>{escaped(text)}</{tag}>"

    classes = [content[1] if isinstance(content, tuple) else "" for content in rows[0]] if rows else [""] * len(header)
    head = "".join(cell("th", (name, kind)) for name, kind in zip(header, classes, strict=True))
    body = "".join(f"<tr>{''.join(cell('td', content) for content in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def more(count: int, most: int) -> str:
    """What a list of at most so many rows leaves out."""
    return f'<p class="soft">and {count - most} more; --format json lists all</p>' if count > most else ""


def escaped(text: str) -> str:
    """A text as HTML, without characters that no page shows."""
    return escape(printable(text))
