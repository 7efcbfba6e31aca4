"""What the terminal of a command can show."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO

import click

from optimizer.report.style import Style

_USUAL = 80
_FEWEST_LINKS_VTE = 5000
"""VTE takes links from 0.50 on, which it tells as 5000."""
_WITH_LINKS = frozenset(["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "rio"])
"""Values of TERM_PROGRAM."""


def has_lines_that_change(stream: TextIO) -> bool:
    """Whether lines of the stream can be written anew: not in a log of CI, though some have a terminal."""
    return stream.isatty() and not _is_dumb() and not os.environ.get("CI")


def style_of(stream: TextIO | None = None) -> Style:
    """What may be used on the stream, which is standard output where none is given.

    NO_COLOR wins over FORCE_COLOR, and both over what the stream is:
    https://no-color.org and https://force-color.org.
    """
    stream = stream or sys.stdout
    terminal = stream.isatty() and not _is_dumb()
    colour = not os.environ.get("NO_COLOR") and (terminal or bool(os.environ.get("FORCE_COLOR")))
    return Style(colour=colour, links=terminal and _has_links(), blocks=_takes(stream, "█▏"))


def show(text: str, style: Style) -> None:
    """Print a report of that style, whose last line is whole."""
    # click takes colours out of what goes to no terminal, which FORCE_COLOR asks for.
    click.echo(text, nl=False, color=True if style.colour or style.links else None)


def terminal_width() -> int | None:
    """The columns of the terminal that standard output is; None where lines go to a file or a program, whose reader may want each whole.

    COLUMNS says it where it is set, as for all programs.
    """
    return shutil.get_terminal_size((_USUAL, 24)).columns if sys.stdout.isatty() else None


def _is_dumb() -> bool:
    return os.environ.get("TERM", "dumb") == "dumb"


def _takes(stream: TextIO, letters: str) -> bool:
    try:
        letters.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _has_links() -> bool:
    """Whether the terminal is one of those that say of themselves who they are, and are known to take links."""
    # Older screen and tmux, which TERM names, show them as letters or not at all.
    if os.environ.get("CI") or os.environ.get("TERM", "").startswith(("screen", "tmux")):
        return False
    version = os.environ.get("VTE_VERSION", "")
    return bool(
        os.environ.get("TERM_PROGRAM", "") in _WITH_LINKS
        or os.environ.get("TERM", "").startswith(("xterm-kitty", "alacritty", "foot", "wezterm", "xterm-ghostty"))
        or (version.isdecimal() and int(version) >= _FEWEST_LINKS_VTE)
        or os.environ.get("WT_SESSION")
        or os.environ.get("KONSOLE_VERSION")
        or os.environ.get("FORCE_HYPERLINK", "0") != "0"
    )
