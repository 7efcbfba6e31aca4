"""Tables: plain ones, which a terminal, a log and a diff show alike, and those of pages."""

from __future__ import annotations

from collections.abc import Sequence


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


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The table as Markdown has it."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"|{'|'.join(cell if cell == '---' else f' {cell} ' for cell in line)}|" for line in lines)
