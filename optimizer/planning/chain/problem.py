"""The problem of a chain's order, and the cost of an answer.

*Steps* are numbers from 0; the smaller number is preferred where cost does not
decide.  A *mask* is a set of steps, one bit for each.  An *ideal* is a set
that holds with each step all that must come before it: what may be an order's
beginning.  A step is made again when it or any step before it changed, so
that an order costs ``sum(cost[step] * changes(step and all before it))``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from optimizer.planning.chain.changes import Changes, independent


@dataclass(frozen=True, slots=True)
class Problem:
    """Steps to be ordered.

    ``costs`` are those of making each step, in seconds; ``before`` is, for
    each step, the mask of all steps that must come before it, those that come
    before these too.  ``probabilities`` is None where steps do not change
    independently, and ``changes`` tells then alone.
    """

    costs: tuple[float, ...]
    before: tuple[int, ...]
    changes: Changes
    probabilities: tuple[float, ...] | None = None

    @classmethod
    def of_independent(cls, costs: Sequence[float], before: Sequence[int], probabilities: Sequence[float]) -> Problem:
        """The problem where steps change independently of each other."""
        return cls(tuple(costs), tuple(before), independent(probabilities), tuple(probabilities))

    @property
    def every(self) -> int:
        """The mask of all steps."""
        return (1 << len(self.costs)) - 1

    def cost(self, order: Sequence[int], done: int = 0) -> float:
        """Expected seconds per deployment of an order of all steps, or of some that stand behind those that are done."""
        total = 0.0
        for step in order:
            done |= 1 << step
            total += self.costs[step] * self.changes(done)
        return total

    def apart(self) -> float:
        """Expected seconds per deployment if each step were made on those alone that must come before it: no order costs less."""
        return sum(cost * self.changes(before | 1 << step) for step, (cost, before) in enumerate(zip(self.costs, self.before, strict=True)))


def closed(direct: Sequence[int]) -> tuple[int, ...]:
    """The masks of all that comes before each step, from those of what comes directly before; without cycles.

    Each step's number is greater than those of the steps before it.
    """
    whole: list[int] = []
    for mask in direct:
        whole.append(mask)
        for step in steps_of(mask):
            whole[-1] |= whole[step]
    return tuple(whole)


def steps_of(mask: int) -> Iterator[int]:
    """The steps of a mask, the smallest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
