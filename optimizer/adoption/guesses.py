"""What is guessed from a project's files, each with its reason, and what is not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guess:
    """A value, and the file and its words that it was told by."""

    value: str
    reason: str

    def __str__(self) -> str:
        return f"{self.value}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What only a person can decide.

    ``question`` says what is open, and ``options`` are the possible values with
    what speaks for each, the likeliest first, never empty.
    """

    question: str
    options: tuple[Guess, ...]
