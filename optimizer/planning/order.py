"""Order: which item comes first where the choice is free.

*Items* have a key and predecessors.  The order is the topological order that
takes, again and again, the smallest key among the items whose predecessors
have all been taken.  Keys are unique, so the order is total: it depends
neither on the order of declaration nor on the machine.

The order of layers costs nothing, so that this is all of it.  That of steps
which share one stage is in :mod:`optimizer.planning.chain`.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.errors import PlanError


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something to be ordered.

    ``key`` is unique and totally ordered; ``after`` are names of items that
    must come first.
    """

    name: str
    key: tuple[Any, ...]
    after: frozenset[str] = frozenset()


def stable_first(items: Sequence[Item]) -> tuple[str, ...]:
    """The items' names by smallest key first, each after its predecessors.

    Predecessors that are not among the items are ignored.  Raises
    :class:`PlanError` that shows a cycle.
    """
    by_name = {item.name: item for item in items}
    waiting = {item.name: len(item.after & by_name.keys()) for item in items}
    followers: dict[str, list[str]] = {name: [] for name in by_name}
    for item in items:
        for name in item.after & by_name.keys():
            followers[name].append(item.name)
    ready = [(by_name[name].key, name) for name, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        _, name = heapq.heappop(ready)
        order.append(name)
        for follower in followers[name]:
            waiting[follower] -= 1
            if waiting[follower] == 0:
                heapq.heappush(ready, (by_name[follower].key, follower))
    if len(order) < len(by_name):
        left = {name: by_name[name].after - set(order) for name in by_name if name not in order}
        raise PlanError(
            f"the steps depend on each other in a cycle: {' -> '.join(find_cycle(left))}",
            "steps",
            "remove one of these names from the after= of the step before it",
        )
    return tuple(order)


def find_cycle(after: Mapping[str, frozenset[str]]) -> list[str]:
    """A cycle of a graph in which every node has a predecessor; first node also last, smallest name first.

    The arrow reads "must come after".
    """
    path = [min(after)]
    while True:
        following = min(name for name in after[path[-1]] if name in after)
        if following in path:
            cycle = path[path.index(following) :]
            start = cycle.index(min(cycle))
            cycle = cycle[start:] + cycle[:start]
            return [*cycle, cycle[0]]
        path.append(following)
