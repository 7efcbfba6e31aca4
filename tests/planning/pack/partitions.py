"""Every packing there is, for fleets of a few packages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.model.packing import Groups
from optimizer.planning.pack.cells import Problem, pushed_of
from optimizer.planning.pack.fleet import Fleet


def partitions(names: Sequence[str]) -> Iterator[list[list[str]]]:
    """Every way to part names into groups."""
    if not names:
        yield []
        return
    first, *rest = names
    for found in partitions(rest):
        yield [[first], *found]
        for number in range(len(found)):
            yield [*found[:number], [first, *found[number]], *found[number + 1 :]]


def packings(names: Sequence[str]) -> Iterator[Groups]:
    """Every packing of names: a partition, with one of its groups or none as what no group names."""
    for found in partitions(names):
        yield tuple(map(tuple, found))
        for number in range(len(found)):
            yield tuple(map(tuple, found[:number] + found[number + 1 :]))


def least_pushed(fleet: Fleet, budget: int, together: Groups = ()) -> float:
    """The fewest bytes per deployment that any packing within the budget is expected to push; none parts a set of ``together``."""
    problem = Problem(fleet, 1.0, None, (), together)
    # A unit goes where its first package goes.
    every = (problem.packed(groups) for groups in packings([unit[0] for unit in problem.units]))
    return min(pushed_of(cells) for cells in every if not problem.over(cells, budget))
