"""A part of a large fleet that stands for all of it.

A packing holds for all images, but to find it, a few that have between them
what most images have tell as much as a thousand.  So the time of the search
does not grow with the fleet.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import replace

from optimizer.model.packing import Groups
from optimizer.planning.pack.fleet import Fleet, PackageSet

_IMAGES = 16


def sample(fleet: Fleet) -> Fleet:
    """The fleet itself where it has few images, else that of those which have most of what others have too.

    Each next one is that with the most bytes which none before it has, a
    package counted as often as images have it.
    """
    if len(fleet.sets) <= _IMAGES:
        return fleet
    counts = Counter(name for each in fleet.sets for name in each.packages)
    had: set[str] = set()

    def brings(each: PackageSet) -> int:
        return sum(size * counts[name] for name, size in each.packages.items() if name not in had)

    # What an image brings never grows: only the first of the queue has to be looked at again.
    queue = [(-brings(each), each.name, number) for number, each in enumerate(fleet.sets)]
    heapq.heapify(queue)
    chosen: list[PackageSet] = []
    while queue and len(chosen) < _IMAGES:
        _, name, number = heapq.heappop(queue)
        brought = -brings(fleet.sets[number])
        if not queue or (brought, name) <= queue[0][:2]:
            chosen.append(fleet.sets[number])
            had |= fleet.sets[number].packages.keys()
        else:
            heapq.heappush(queue, (brought, name, number))
    return replace(fleet, sets=tuple(chosen))


def completed(groups: Groups, current: Groups, part: Fleet) -> Groups:
    """A packing that was found for a part of a fleet, with what the current one groups and the part does not have.

    Such packages stay with most of those that they stood with, and where none
    of these is in the part, among themselves.
    """
    there = {name for each in part.sets for name in each.packages}
    found = [list(group) for group in groups]
    place = {name: number for number, group in enumerate(found) for name in group}
    for group in current:
        others = [name for name in group if name not in there]
        near = Counter(place[name] for name in group if name in place)
        if others and near:
            found[min(near, key=lambda number: (-near[number], number))] += others
        elif others and not there.intersection(group):
            found.append(others)
    return tuple(map(tuple, found))
