"""What happens, on standard error: lines that change on a terminal, and lines that stay elsewhere."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from optimizer.cli.options import is_quiet
from optimizer.cli.screen import has_lines_that_change
from optimizer.cli.verbose import is_verbose
from optimizer.model.progress import Event, Noted, Report
from optimizer.report.progress import Board, progress_line, stays

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

# What is done sooner, such as the push of one edited handler, is never drawn, and does not wait for rich, which takes a fifth of a second to import.
_AFTER_S = 1.0
_EVERY_S = 0.1
_MOST_LINES = 12
# Held by whoever writes to the terminal, and while another process is made: what is locked in that moment stays locked in a fork.
_drawing = threading.Lock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_drawing.acquire, after_in_parent=_drawing.release, after_in_child=_drawing.release)


@contextmanager
def shown_progress() -> Iterator[Report]:
    """Where to tell what happens; on a terminal, nothing but what matters later is left of it, and with ``--quiet`` only notes are shown."""
    stream = sys.stderr
    if is_quiet():
        yield _echo_notes
        return
    # What --verbose says would tear the lines that change.
    if is_verbose() or not has_lines_that_change(stream):
        yield _echo
        return
    display = Display()
    try:
        yield display.take
    finally:
        display.close()


def _echo(event: Event) -> None:
    if line := progress_line(event):
        click.echo(line, err=True)


def _echo_notes(event: Event) -> None:
    if isinstance(event, Noted):
        _echo(event)


class Display:
    """A board on a terminal, drawn anew ten times a second, from a second after it was opened until it is closed.

    Of a terminal that is gone, only the requests to end tell.
    """

    def __init__(self) -> None:
        self._board = Board(time.monotonic())
        self._live: Live | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._draw_on, daemon=True)
        self._thread.start()

    def take(self, event: Event) -> None:
        """Take what happens, from any thread."""
        with _drawing:
            self._board.take(event, time.monotonic())
            if stays(event):
                with suppress(OSError):
                    self._keep(progress_line(event))

    def close(self) -> None:
        """Take the board off the terminal."""
        self._closed.set()
        self._thread.join()
        if self._live is not None:
            with suppress(OSError):
                self._live.stop()

    def _keep(self, line: str) -> None:
        if self._live is None:
            click.echo(line, err=True)
        else:
            self._live.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _draw_on(self) -> None:
        if self._closed.wait(_AFTER_S):
            return
        with _drawing:
            self._live = _started()
        bold = "" if os.environ.get("NO_COLOR") else "bold"
        while not self._closed.wait(_EVERY_S):
            with _drawing:
                width, height = self._live.console.size
                # The cursor stands behind the last line, where a terminal shows an interrupt as ^C.
                first, *rest = self._board.lines(width - 2, min(_MOST_LINES, height - 1), time.monotonic())
                with suppress(OSError):
                    self._live.update(_text(first, rest, bold), refresh=True)


def _started() -> Live:
    """A part of the terminal that one thread of ours draws, which can be held while another process is made."""
    from rich.console import Console
    from rich.live import Live

    live = Live(console=Console(stderr=True), auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)
    live.start()
    return live


def _text(first: str, rest: Iterable[str], style: str) -> Text:
    from rich.text import Text

    return Text("\n").join([Text(first, style), *map(Text, rest)])
