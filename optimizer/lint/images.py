"""How rules speak of built images, whose names and texts come from anyone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optimizer.lint.finding import Violation

if TYPE_CHECKING:
    from optimizer.images.overlay import Sample


def broken(message: str, paths: Sample | None = None) -> Violation:
    """A violation with the message, and the first of the paths behind it, in letters that any terminal and any format can hold."""
    return Violation(message=printable(message + (_examples(paths) if paths else "")))


def printable(text: str) -> str:
    """Text of unknown origin on one line that a terminal shows and does not obey."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text)


def _examples(paths: Sample) -> str:
    more = paths.count - len(paths.examples)
    return ": " + ", ".join(paths.examples) + (f" and {more} more" if more else "")
