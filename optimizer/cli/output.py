"""Where the text of a report goes."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.errors import ContextError


def write_report(text: str, output: Path | None) -> None:
    """Write a report to a file, or without one to standard output.

    Raises :class:`ContextError` for a file that cannot be written.
    """
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ContextError(
            f'"{output}" cannot be written: {error.strerror}', "--output", "name a file in a directory that is there"
        ) from None
