"""Rows of blocks in which some order of least cost stands, so that each block can be ordered by itself.

Let ``c(B)`` be the costs of a set of steps, and ``f(B)`` what it adds to the
probability of a change behind the steps that come before.  Of all ideals ``B``,
take one ``S`` with the most ``c(B) / c(all) - f(B) / f(all)``.  Some order of
least cost begins with ``S``: take any order, and move the steps of ``S`` to
its front, in their order.  For a beginning ``P`` of the old order::

    a step of S then saves its cost times     f(P) - f(P and S) >= f(P or S) - f(S) =: a(P)
    another loses its cost times at most      f(P or S) - f(P)  <= f(S) - f(P and S) =: b(P)

because what a step adds never grows with the steps before it.  As neither
``P or S`` nor ``P and S`` has more than ``S``, ``a(P)`` is at least the costs of
``P`` without ``S``, and ``b(P)`` at most those of ``S`` without ``P``, each times
``f(all) / c(all)``.  Both sums are then the costs of all pairs of a step of
``S`` and another one before it, multiplied: nothing is lost.

Both sides are parted again, until no set is better than all or none.  For
steps that change independently it is Sidney's decomposition (1975); for this
cost, that of Fokkink, Lidbetter and Vegh (2019).

``S`` is found by trying with and without a step.  A step is in ``S`` where it
is worth its place behind what is in ``S`` for sure, and not in it where it is
not even before nothing but what may not be; for most problems that decides
nearly all.
"""

from __future__ import annotations

from optimizer.planning.chain.problem import Problem, steps_of

_EQUAL = 1e-12
"""Relative difference under which a set is no better than all: rounding must not part equal steps."""

_LOOKS = 200_000
# A number of operations and no time, so that every machine gives the same order: some tenths of a second.


def blocks(problem: Problem, looks: int = _LOOKS) -> list[int]:
    """The blocks as masks, in their order: to order each by itself, one after the other, gives an order of least cost.

    After that many looks at sets, blocks are left whole.
    """
    return _Parting(problem, looks).parted(0, problem.every)


class _Parting:
    def __init__(self, problem: Problem, looks: int) -> None:
        self._problem = problem
        self._looks = looks
        self._after = [0] * len(problem.costs)
        for step, before in enumerate(problem.before):
            for other in steps_of(before):
                self._after[other] |= 1 << step

    def parted(self, done: int, members: int) -> list[int]:
        """The blocks of some steps, behind those that are done."""
        if members & (members - 1) == 0:
            return [members] if members else []
        changes, costs = self._problem.changes, self._problem.costs
        start, end = changes(done), changes(done | members)
        price, rise = sum(costs[step] for step in steps_of(members)), end - start
        if not price * rise > 0:
            # Every order costs the same.
            return [1 << step for step in steps_of(members)]
        self._done, self._price = done, price
        self._worth = {step: costs[step] * rise for step in steps_of(members)}
        self._best, self._found = _EQUAL * price * rise, 0
        self._search(0, members, 0.0, start, end, start)
        first = self._found
        # What was found when the looks ended need not be the best.
        if first in (0, members) or self._looks <= 0:
            return [members]
        return [*self.parted(done, first), *self.parted(done | first, members ^ first)]

    def _search(self, sure: int, allowed: int, worth: float, low: float, high: float, start: float) -> None:
        """Look at the ideals between two, of which the smaller has that worth, and which change with these probabilities."""
        sure, allowed, worth, low, high = self._decided(sure, allowed, worth, low, high)
        rest = allowed ^ sure
        of_rest = sum(self._worth[step] for step in steps_of(rest))
        smaller = worth - self._price * (low - start)
        larger = worth + of_rest - self._price * (high - start)
        for value, found in ((smaller, sure), (larger, allowed)):
            if value > self._best:
                self._best, self._found = value, found
        if not rest or self._looks <= 0:
            return
        # Nothing between the two is better than the smaller with all that may help, or the larger without all that may harm.
        most, pick = -1.0, 0
        for step in steps_of(rest):
            helps = max(0.0, self._worth[step] - self._price * (high - self._changes(allowed ^ 1 << step)))
            harms = max(0.0, self._price * (self._changes(sure | 1 << step) - low) - self._worth[step])
            smaller += helps
            larger += harms
            if helps + harms > most:
                most, pick = helps + harms, step
        if min(smaller, larger) <= self._best:
            return
        before = self._problem.before[pick] & rest | 1 << pick
        after = self._after[pick] & rest | 1 << pick
        with_pick = worth + sum(self._worth[step] for step in steps_of(before))
        self._search(sure | before, allowed, with_pick, self._changes(sure | before), high, start)
        self._search(sure, allowed ^ after, worth, low, self._changes(allowed ^ after), start)

    def _decided(self, sure: int, allowed: int, worth: float, low: float, high: float) -> tuple[int, int, float, float, float]:
        """The same with the steps of which it is plain whether they are in the best set, alone or with one other that they need."""
        moved = True
        while moved and self._looks > 0:
            moved = False
            for step in steps_of(allowed ^ sure):
                rest = allowed ^ sure
                if not rest >> step & 1:
                    continue
                before = self._problem.before[step] & rest | 1 << step
                if before.bit_count() <= 2 and self._gains(sure, before, step, low):
                    sure |= before
                    worth += sum(self._worth[other] for other in steps_of(before))
                    low, moved = self._changes(sure), True
                    continue
                after = self._after[step] & rest | 1 << step
                if after.bit_count() <= 2 and self._loses(allowed, after, step, high):
                    allowed ^= after
                    high, moved = self._changes(allowed), True
        return sure, allowed, worth, low, high

    def _gains(self, sure: int, added: int, step: int, low: float) -> bool:
        """Whether a step, with the one before it that ``added`` may have, makes the smallest set better, and no worse than that one alone."""
        least, worth = 0.0, self._worth[step]
        if other := added ^ 1 << step:
            alone = self._worth[other.bit_length() - 1]
            least, worth = max(0.0, alone - self._price * (self._changes(sure | other) - low)), worth + alone
        return worth - self._price * (self._changes(sure | added) - low) >= least

    def _loses(self, allowed: int, left: int, step: int, high: float) -> bool:
        """Whether the largest set is better without a step, with the one after it that ``left`` may have, and no worse than without that one alone."""
        most, worth = 0.0, self._worth[step]
        if other := left ^ 1 << step:
            alone = self._worth[other.bit_length() - 1]
            most, worth = min(0.0, alone - self._price * (high - self._changes(allowed ^ other))), worth + alone
        return worth - self._price * (high - self._changes(allowed ^ left)) <= most

    def _changes(self, steps: int) -> float:
        self._looks -= 1
        return self._problem.changes(self._done | steps)
