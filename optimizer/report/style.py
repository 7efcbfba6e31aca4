"""What a terminal can show besides letters: colour, links and blocks.

Whatever is told by one of these is told in words too, for whoever has none of them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

NARROW = 80
WIDE = 120
"""From so many columns on, a line holds all that is said of a thing."""

_EIGHTHS = " ▏▎▍▌▋▊▉█"
BOLD, DIM, RED, GREEN, YELLOW, CYAN = "1", "2", "31", "32", "33", "36"
"""Parameters of the sequence that selects a rendition:
https://ecma-international.org/publications-and-standards/standards/ecma-48/. The
colours are of the terminal's own palette, which is legible on its background."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What may be used: ``colour`` (and bold and dim), ``links`` and ``blocks``, the block elements of Unicode."""

    colour: bool = False
    links: bool = False
    blocks: bool = True

    def painted(self, text: str, *parameters: str) -> str:
        """The text in such a rendition, where there is colour."""
        return f"\x1b[{';'.join(parameters)}m{text}\x1b[0m" if self.colour and text else text

    def linked(self, text: str, address: str) -> str:
        """The text as a link, where the terminal has links and there is an address.

        The sequence is OSC 8: https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda
        """
        if not self.links or not address or not all("!" <= letter <= "~" for letter in address):
            return text
        return f"\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\"

    def bar(self, value: int, largest: int, width: int) -> str:
        """A bar of at most so many columns; what is not nothing can be seen."""
        eighths = min(8 * width, max(1, round(8 * width * value / largest))) if value > 0 and largest > 0 else 0
        if not self.blocks:
            return "#" * -(-eighths // 8)
        return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


PLAIN = Style()


def wrapped(text: str, width: int | None, indent: str = "", later: str = "") -> list[str]:
    """The text in lines of so many columns, with ``later`` before all but the first; one line without a width.

    Words are never broken: paths and names can be copied.
    """
    if width is None:
        return [indent + text]
    lines = textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=later or indent, break_long_words=False, break_on_hyphens=False
    )
    return lines or [indent.rstrip()]


def replaced_in_order(lines: Sequence[str], replacements: Sequence[tuple[str, str]]) -> list[str]:
    """The lines with texts in the place of others, each after the one before it.

    So wrapped text gets colours and links, which take no columns. What stands on two lines stays as it is.
    """
    result = list(lines)
    row = column = 0
    for old, new in replacements:
        for number in range(row, len(result)):
            at = result[number].find(old, column if number == row else 0)
            # A blank at the end of what is sought may be the end of a line.
            if at < 0 and old.endswith(" ") and result[number].endswith(old[:-1]):
                at, old, new = len(result[number]) - len(old) + 1, old[:-1], new[:-1]
            if at >= 0:
                result[number] = f"{result[number][:at]}{new}{result[number][at + len(old) :]}"
                row, column = number, at + len(new)
                break
    return result
