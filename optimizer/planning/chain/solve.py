"""An order of least cost, by the cheapest method that is exact, and what is proved of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from optimizer.model.chain import Method
from optimizer.planning.chain.blocks import blocks
from optimizer.planning.chain.ideals import bounded, cheapest
from optimizer.planning.chain.problem import Problem, closed, steps_of
from optimizer.planning.chain.strings import decomposed

# A number of operations and no time, so that every machine gives the same order: about a second.
_WAYS = 600_000


@dataclass(frozen=True, slots=True)
class Solution:
    """An order, its cost, and a proved bound: no allowed order costs less.

    ``lower_bound`` is the cost itself where the method is exact.
    """

    order: tuple[int, ...]
    method: Method
    cost: float
    lower_bound: float


def solve(problem: Problem, ways: int = _WAYS) -> Solution:
    """An order of least cost; beyond ``ways`` ways from ideal to ideal, one with a proved gap, which costs no more than the order of the numbers."""
    if problem.probabilities is not None:
        found = decomposed(problem, lambda part: _by_blocks(part, ways).proved)
        if found is not None:
            return _exact(problem, found.order, _method(problem, found.prime))
    by_blocks = _by_blocks(problem, ways)
    if by_blocks.exact:
        return _exact(problem, by_blocks.order, Method.IDEALS)
    order = min(tuple(range(len(problem.costs))), by_blocks.order, key=problem.cost)
    cost = problem.cost(order)
    return Solution(order, Method.BOUNDED, cost, min(cost, max(by_blocks.lower_bound, _forest_bound(problem))))


@dataclass(frozen=True, slots=True)
class _ByBlocks:
    """An order, a cost that no order goes below, and whether each block is in an order of least cost."""

    order: tuple[int, ...]
    lower_bound: float
    exact: bool

    @property
    def proved(self) -> tuple[int, ...] | None:
        """The order, where none costs less."""
        return self.order if self.exact else None


def _by_blocks(problem: Problem, ways: int) -> _ByBlocks:
    """Each block in an order of least cost, or of small cost where there are more ways than that."""
    order: tuple[int, ...] = ()
    done, lower, exact = 0, 0.0, True
    for block in blocks(problem):
        found = cheapest(problem, done, block, ways)
        if found is None:
            exact = False
            found, least = bounded(problem, done, block, max(1, ways // (24 * block.bit_count() ** 2)))
        else:
            least = problem.cost(found, done)
        order += found
        lower += least
        done |= block
    return _ByBlocks(order, lower, exact)


def _forest_bound(problem: Problem) -> float:
    """The least cost where each step keeps one of the steps before it: what more orders allow costs no more.

    It keeps that which has most before itself.  Such forests always fall apart.
    """
    if problem.probabilities is None:
        return 0.0
    kept = [
        1 << max(steps_of(before), key=lambda step: (problem.before[step].bit_count(), problem.costs[step])) if before else 0
        for before in problem.before
    ]
    forest = replace(problem, before=closed(kept))
    found = decomposed(forest, lambda part: None)
    assert found is not None
    return forest.cost(found.order)


def _method(problem: Problem, prime: bool) -> Method:
    if not any(problem.before):
        return Method.INDEX
    return Method.IDEALS if prime else Method.SERIES_PARALLEL


def _exact(problem: Problem, order: tuple[int, ...], method: Method) -> Solution:
    cost = problem.cost(order)
    return Solution(order, method, cost, cost)
