"""How often the inputs of a step change, from stable to volatile."""

from __future__ import annotations

import enum


class Stability(enum.Enum):
    """How often a step's inputs change; members stand, and compare, from stable to volatile.

    Each member stands for the probability, per deployment, that the step has
    changed, for a team that deploys on every working day: a year has about 250
    deployments, a quarter 65, a month 21, a week 5.
    """

    NEVER = "never"
    YEARLY = "yearly"
    QUARTERLY = "quarterly"
    MONTHLY = "monthly"
    WEEKLY = "weekly"
    DAILY = "daily"
    ALWAYS = "always"

    @property
    def probability(self) -> float:
        """Probability, per deployment, that the step has changed (0.0 to 1.0)."""
        return _PROBABILITY[self]

    @property
    def rank(self) -> int:
        """Place in the order from stable (0) to volatile (6)."""
        return _RANK[self]

    @property
    def phrase(self) -> str:
        """The member in a sentence: ``changes weekly``."""
        return _PHRASE[self]

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Stability):
            return NotImplemented
        return self.rank < other.rank


_RANK = {member: rank for rank, member in enumerate(Stability)}
_PROBABILITY = {
    Stability.NEVER: 0.0,
    Stability.YEARLY: 0.004,
    Stability.QUARTERLY: 0.015,
    Stability.MONTHLY: 0.05,
    Stability.WEEKLY: 0.2,
    Stability.DAILY: 0.8,
    Stability.ALWAYS: 1.0,
}
_PHRASE = {
    **{member: f"changes {member.value}" for member in Stability},
    Stability.NEVER: "never changes",
    Stability.ALWAYS: "changes at every deployment",
}
