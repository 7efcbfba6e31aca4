"""The least cost by dynamic programming over ideals, exactly, or within a width and with a bound.

The cheapest order of an ideal ends with one of its steps, behind the cheapest
order of the rest, which is an ideal too::

    best(T) = min over the last step j of  best(T without j) + cost(j) * changes(T)

Ideals are met by their size, the smallest first; those of a block hold all that
stands before it.  Beyond a width only the
most promising ideals of a size go on.  Each ideal has a *promise*, a bound on
what any order that begins with it costs; the least promise among those that
were dropped bounds all orders that were not looked at.
"""

from __future__ import annotations

from collections.abc import Callable

from optimizer.planning.chain.problem import Problem, steps_of
from optimizer.planning.chain.strings import index

_Layer = dict[int, tuple[float, int]]
"""Ideals of one size, each with its least cost and the mask of the steps that may follow it."""

_EQUAL = 1e-12
"""Relative difference under which two costs are equal: rounding must not decide between orders."""


def cheapest(problem: Problem, done: int, block: int, limit: int) -> tuple[int, ...] | None:
    """An order of least cost of the steps of a block, behind those that are done; None where more than ``limit`` ways lead from ideal to ideal.

    Time grows with the number of these ways, which is at most ``n * 2 ** (n - 1)`` for n steps.
    """
    layer, followers = _start(problem, done, block), _followers(problem, block)
    last: dict[int, int] = {}
    ways = 0
    for _ in range(block.bit_count()):
        layer, met = _grown(problem, followers, layer, last, limit - ways)
        ways += met
        if ways > limit:
            return None
    return _order(last, done, block)


def bounded(problem: Problem, done: int, block: int, width: int) -> tuple[tuple[int, ...], float]:
    """A cheap order of a block, and a cost that no order of it goes below; never more than ``width`` ideals of one size go on."""
    layer, followers = _start(problem, done, block), _followers(problem, block)
    last: dict[int, int] = {}
    promise = _promise(problem, done | block)
    dropped = float("inf")
    for _ in range(block.bit_count()):
        layer, _ = _grown(problem, followers, layer, last, None)
        if len(layer) > width:
            ranked = sorted((cost + promise(ideal), ideal) for ideal, (cost, _) in layer.items())
            dropped = min(dropped, ranked[width][0])
            layer = {ideal: layer[ideal] for _, ideal in ranked[:width]}
    order = _order(last, done, block)
    return order, min(problem.cost(order, done), max(dropped, promise(done)))


def _start(problem: Problem, done: int, block: int) -> _Layer:
    return {done: (0.0, sum(1 << step for step in steps_of(block) if not problem.before[step] & block))}


def _followers(problem: Problem, block: int) -> list[list[tuple[int, int]]]:
    """For each step those of the block that come directly after it, as masks, each with the mask of all that comes before it."""
    followers: list[list[tuple[int, int]]] = [[] for _ in problem.costs]
    for step in steps_of(block):
        before, further = problem.before[step], 0
        for other in steps_of(before):
            further |= problem.before[other]
        for other in steps_of(before & ~further):
            followers[other].append((1 << step, before))
    return followers


def _grown(
    problem: Problem, followers: list[list[tuple[int, int]]], layer: _Layer, last: dict[int, int], limit: int | None
) -> tuple[_Layer, int]:
    """The ideals with one step more, and how many ways led there; ``last`` learns their last steps.

    It is the heart of the planner, and written for speed.
    """
    costs, changes = problem.costs, problem.changes
    grown: _Layer = {}
    shares: dict[int, float] = {}
    ways = 0
    for ideal, (cost, ready) in layer.items():
        rest = ready
        while rest:
            bit = rest & -rest
            rest ^= bit
            ways += 1
            step = bit.bit_length() - 1
            larger = ideal | bit
            known = grown.get(larger)
            if known is None:
                share = shares[larger] = changes(larger)
                next_ready = ready ^ bit
                for follower, before in followers[step]:
                    if before & larger == before:
                        next_ready |= follower
                grown[larger], last[larger] = (cost + costs[step] * share, next_ready), step
                continue
            total = cost + costs[step] * shares[larger]
            margin = _EQUAL * total
            if total < known[0] - margin or (total <= known[0] + margin and step > last[larger]):
                grown[larger], last[larger] = (total, known[1]), step
        if limit is not None and ways > limit:
            break
    return grown, ways


def _order(last: dict[int, int], done: int, block: int) -> tuple[int, ...]:
    order: list[int] = []
    ideal = done | block
    while ideal != done:
        order.append(last[ideal])
        ideal ^= 1 << last[ideal]
    return tuple(reversed(order))


def _promise(problem: Problem, until: int) -> Callable[[int], float]:
    """What the steps of a large ideal cost at least, by the ideal in it that comes before them."""
    costs, before, changes = problem.costs, problem.before, problem.changes

    def apart(ideal: int) -> float:
        return sum(costs[step] * changes(ideal | before[step] | 1 << step) for step in steps_of(until & ~ideal))

    if problem.probabilities is None:
        return apart
    survivals = [1.0 - probability for probability in problem.probabilities]
    free = sorted(steps_of(until), key=lambda step: -index(costs[step] * survivals[step], 1.0 - survivals[step]))

    def unconstrained(ideal: int) -> float:
        """The cost in the order that would be best if any were allowed."""
        total, survival = 0.0, 1.0 - changes(ideal)
        for step in free:
            if not ideal >> step & 1:
                survival *= survivals[step]
                total += costs[step] * (1.0 - survival)
        return total

    return lambda ideal: max(apart(ideal), unconstrained(ideal))
