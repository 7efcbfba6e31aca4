"""A line of a summary, whatever it is a summary of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Line:
    """A figure, what it means, and how bad that is: ``bad`` wants something done at once."""

    figure: str
    text: str
    state: Literal["bad", "warn", "good", "plain"] = "plain"
