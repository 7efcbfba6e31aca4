"""Text of unknown origin."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text on one line, with escapes in place of what a terminal would obey."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text)
