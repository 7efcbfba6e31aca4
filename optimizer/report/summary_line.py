"""A line of a summary, whatever it is a summary of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["bad", "warn", "good", "plain"]


@dataclass(frozen=True, slots=True)
class Line:
    """A figure, what it means, and how bad that is: ``bad`` wants something done at once."""

    figure: str
    text: str
    state: State = "plain"

    @classmethod
    def of(cls, count: int, one: str, many: str, rest: str, state: State = "plain") -> Line:
        """A line about a count: the rest of its text follows ``one`` where the count is 1, else ``many``."""
        return cls(f"{count:,}", f"{one if count == 1 else many} {rest}", state)
