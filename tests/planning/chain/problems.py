"""Problems of order, made at random, and what trying every order gives."""

from __future__ import annotations

import random

from optimizer.planning.chain.changes import beside, independent, recorded, smoothed
from optimizer.planning.chain.problem import Problem, closed

NAMES = "abcdefghijklmnopqrstuvwxyzABCD"
PROBABILITIES = (0.0, 0.004, 0.015, 0.05, 0.2, 0.8, 1.0)


def costs(chance: random.Random, steps: int) -> list[float]:
    return [chance.choice([0.0, 1.0, 20.0, 100 * chance.random()]) for _ in range(steps)]


def constraints(chance: random.Random, steps: int, density: float) -> tuple[int, ...]:
    return closed([sum(1 << other for other in range(step) if chance.random() < density) for step in range(steps)])


def independent_problem(chance: random.Random, steps: int, density: float) -> Problem:
    probabilities = [chance.choice([*PROBABILITIES, chance.random()]) for _ in range(steps)]
    return Problem.of_independent(costs(chance, steps), constraints(chance, steps, density), probabilities)


def recorded_problem(chance: random.Random, steps: int, density: float) -> Problem:
    """A problem with a past in which steps change together."""
    names = NAMES[:steps]
    past = {frozenset(name for name in names if chance.random() < 0.3): float(chance.randint(1, 4)) for _ in range(8)}
    return Problem(tuple(costs(chance, steps)), constraints(chance, steps, density), recorded(past, names))


def mixed_problem(chance: random.Random, steps: int, density: float) -> Problem:
    """One as plans have them: the past of some steps, smoothed, beside others that change independently."""
    names = NAMES[:steps]
    together = chance.getrandbits(steps)
    there = [name for position, name in enumerate(names) if together >> position & 1]
    past = {frozenset(name for name in there if chance.random() < 0.3): float(chance.randint(1, 4)) for _ in range(8)}
    others = [0.0 if together >> position & 1 else chance.choice(PROBABILITIES) for position in range(steps)]
    changes = beside(smoothed(recorded(past, names), sum(past.values()), together), independent(others))
    return Problem(tuple(costs(chance, steps)), constraints(chance, steps, density), changes)


def least_cost(problem: Problem) -> float:
    """The cost of the cheapest of all allowed orders, each tried until it costs as much as one before it."""
    least = float("inf")

    def go_on(done: int, cost: float) -> None:
        nonlocal least
        if cost >= least:
            return
        if done == problem.every:
            least = cost
        for step, before in enumerate(problem.before):
            if not done >> step & 1 and not before & ~done:
                larger = done | 1 << step
                go_on(larger, cost + problem.costs[step] * problem.changes(larger))

    go_on(0, 0.0)
    return least
