"""The least cost where steps change independently, from the structure of what must come before what.

A *string* is a row of steps that stay together.  Its *survival* is the
probability that none of them changes, its *saving* what it is expected to save
against making all of it at every deployment, and its *index* is
``saving / (1 - survival)``.  Strings that may stand in any order stand by
index, the largest first.  For a single step that is ``cost * (1 - p) / p``.

Steps fall apart into parts that have no step of one before a step of another
(*parallel*: their strings are merged by index), or that stand as wholes one
before the other (*series*: a string is joined to one before it that has a
smaller index, because nothing is gained by a step between them).  What falls
apart in neither way is given to the dynamic programme.  Sources: Lawler 1978;
Monma and Sidney 1979 and 1987.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from optimizer.planning.chain.changes import independent
from optimizer.planning.chain.problem import Problem, steps_of


def index(saving: float, volatility: float) -> float:
    """The index of a string, from its saving and the probability that any of it changes; the largest stands first."""
    return saving / volatility if volatility else float("inf")


@dataclass(frozen=True, slots=True)
class _String:
    """``volatility`` is 1 - survival, kept apart because it may be tiny."""

    steps: tuple[int, ...]
    saving: float
    volatility: float

    @property
    def index(self) -> float:
        return index(self.saving, self.volatility)

    def then(self, other: _String) -> _String:
        survival = 1.0 - self.volatility
        return _String(self.steps + other.steps, self.saving + survival * other.saving, self.volatility + survival * other.volatility)


@dataclass(slots=True)
class Decomposed:
    """An order of least cost; ``prime`` says whether a part of it was given to the dynamic programme."""

    order: tuple[int, ...]
    prime: bool


def decomposed(problem: Problem, cheapest: Callable[[Problem], tuple[int, ...] | None]) -> Decomposed | None:
    """An order of least cost of a problem whose steps change independently.

    ``cheapest`` orders a part that does not fall apart; None where it cannot.
    """
    assert problem.probabilities is not None
    found = Decomposed((), prime=False)
    strings = _strings(problem, problem.every, cheapest, found)
    if strings is None:
        return None
    return replace(found, order=tuple(step for string in strings for step in string.steps))


def _strings(
    problem: Problem, members: int, cheapest: Callable[[Problem], tuple[int, ...] | None], found: Decomposed
) -> list[_String] | None:
    """The strings of some steps, by falling index, in their best order."""
    if members & (members - 1) == 0:
        return [_single(problem, step) for step in steps_of(members)]
    related = {step: problem.before[step] & members for step in steps_of(members)}
    for step, before in list(related.items()):
        for other in steps_of(before):
            related[other] |= 1 << step
    parallel = _components(members, related)
    if len(parallel) > 1:
        lists = [_strings(problem, part, cheapest, found) for part in parallel]
        known = [strings for strings in lists if strings is not None]
        return list(heapq.merge(*known, key=lambda string: (-string.index, string.steps))) if len(known) == len(lists) else None
    series = _components(members, {step: members & ~(mask | 1 << step) for step, mask in related.items()})
    if len(series) > 1:
        # Of two wholes, each step of the later one has all of the earlier one before it.
        series.sort(key=lambda part: max((problem.before[step] & members).bit_count() for step in steps_of(part)))
        row: list[_String] = []
        for part in series:
            strings = _strings(problem, part, cheapest, found)
            if strings is None:
                return None
            row += strings
        return _joined(row)
    steps = list(steps_of(members))
    order = cheapest(_part(problem, steps))
    if order is None:
        return None
    found.prime = True
    return _joined(_single(problem, steps[number]) for number in order)


def _single(problem: Problem, step: int) -> _String:
    assert problem.probabilities is not None
    probability = problem.probabilities[step]
    return _String((step,), problem.costs[step] * (1.0 - probability), probability)


def _joined(row: Iterable[_String]) -> list[_String]:
    """Strings whose order is given, joined until their indices fall."""
    strings: list[_String] = []
    for string in row:
        while strings and strings[-1].index < string.index:
            string = strings.pop().then(string)
        strings.append(string)
    return strings


def _components(members: int, neighbours: dict[int, int]) -> list[int]:
    """The connected parts of a graph, as masks, that with the smallest step first."""
    parts = []
    while members:
        part, edge = 0, members & -members
        while edge:
            part |= edge
            reached = 0
            for step in steps_of(edge):
                reached |= neighbours[step]
            edge = reached & ~part
        parts.append(part)
        members &= ~part
    return parts


def _part(problem: Problem, steps: Sequence[int]) -> Problem:
    """The problem of some of the steps, which are numbered anew in their order."""
    assert problem.probabilities is not None
    number = {step: position for position, step in enumerate(steps)}
    before = [sum(1 << number[other] for other in steps_of(problem.before[step]) if other in number) for step in steps]
    probabilities = tuple(problem.probabilities[step] for step in steps)
    return Problem(tuple(problem.costs[step] for step in steps), tuple(before), independent(probabilities), probabilities)
