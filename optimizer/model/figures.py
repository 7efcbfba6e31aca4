"""What is known of a stage that decides what a deployment costs, and where each number comes from."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from optimizer.model.stability import Stability


class Source(enum.Enum):
    """Where a number comes from, the strongest first."""

    DECLARED = "declared"
    """The specification."""

    EVIDENCE = "evidence"
    """The evidence of the lock, which was measured."""

    LOCK = "lock"
    """A lock file of packages, which has the sizes of archives."""

    FILES = "files"
    """The files of the project themselves, before compression."""

    DEFAULT = "default"
    """The default of the step's kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The numbers of one stage.

    ``probability`` is that of a change of the stage itself per deployment, from
    0 to 1; ``size_bytes`` is what it adds to the image and ``seconds`` what it
    takes to make it, each None where nobody has said or measured it.
    ``evidence_date`` is the day of the evidence (ISO 8601), empty where none is used.
    """

    probability: float
    probability_from: Source
    size_bytes: int | None = None
    size_from: Source | None = None
    seconds: float | None = None
    seconds_from: Source | None = None
    evidence_date: str = ""

    @classmethod
    def of_stability(cls, stability: Stability) -> Figures:
        """The numbers of a stage of which nothing but its stability is known."""
        return cls(probability=stability.probability, probability_from=Source.DEFAULT)
