"""The packing of a fleet within a budget of layers, and whether to change to it.

A packing has memory: bytes that a change of the packing itself pushes count
like all others.  Over a horizon of deployments, a packing costs::

    horizon * expected bytes per deployment + bytes of its layers that are not stored yet

With it bytes that are stored count too: each was pushed once.  What is pushed
in any case, because something in its layer changed, moves for nothing; so a
lock that has changed is the best moment to decide again.
"""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.model.packing import Groups
from optimizer.planning.pack.bound import lower_bound
from optimizer.planning.pack.cells import Cell, Problem, cost_of, pushed_of
from optimizer.planning.pack.choice import Choice, Reason
from optimizer.planning.pack.fleet import Fleet, PackageSet
from optimizer.planning.pack.merge import merged
from optimizer.planning.pack.sample import completed, sample
from optimizer.planning.pack.search import improved

BUDGET = 20
"""Layers of packages in one image, that of what no group names included."""

HORIZON = 20.0
"""Deployments over which a change of the packing has to pay."""

_EQUAL = 1e-9


def choose_packing(
    fleet: Fleet,
    *,
    budget: int = BUDGET,
    current: Groups | None = None,
    deployed: Sequence[PackageSet] | None = None,
    together: Groups = (),
    horizon: float = HORIZON,
) -> Choice:
    """The packing for a fleet of one ecosystem, as a decision to keep.

    ``budget`` is the most layers that an image may have for packages; one of
    them is always left for what no group names, so that there are at most
    ``budget - 1`` groups with any of its packages.

    ``current`` is the packing that is deployed: ``()`` where it is one layer
    for each image, None where nothing is deployed, so that nothing has to be
    moved.  ``deployed`` are the images as they are deployed, where these are
    not the fleet's: given the lock that is to be deployed as the fleet, and
    the one before as ``deployed``, what changes between the two moves for
    nothing.  What ``current`` names and no image has is kept as long as the
    packing is.  ``together`` are sets of packages that no group may part, each
    package in one at most: they are moved, and counted, as one.

    The answer depends on nothing but the values, not on the order of sets or
    changes.  Raises ValueError for a budget below 1.
    """
    if budget < 1:
        raise ValueError(f"a budget of {budget} layers; allowed: 1 and more")
    there = fleet.sets if deployed is None else deployed
    problem = Problem(fleet, horizon, current, there, together)
    old = None if current is None else problem.packed(current)
    found = _found(problem, fleet, budget, current, there)
    # The last began with the current packing, and is preferred where costs are equal.
    best = min(reversed(found), key=cost_of)
    reason = _reason(problem, found, old, budget)
    if not reason.adopted:
        # What would be pushed least, to tell what it would save and what it would move.
        best = min(found, key=pushed_of)
    chosen = best if reason.adopted or old is None else old
    contents = {layer.content for cell in chosen for layer in cell.layers}
    apart = [problem.tail, *problem.singles]
    return Choice(
        groups=problem.groups(best) if reason.adopted or current is None else current,
        reason=reason,
        chosen=problem.estimate(chosen),
        current=None if old is None else problem.estimate(old),
        one_layer=problem.estimate(problem.packed(())),
        apart=problem.estimate(apart),
        lower_bound=min(pushed_of(chosen), lower_bound(problem, budget)),
        gain=0.0 if old is None else pushed_of(old) - pushed_of(best),
        moved=max(0, _new(problem, best) - (0 if old is None else _new(problem, old))),
        kept=len(problem.stored & contents) / len(problem.stored) if problem.stored else 1.0,
    )


def _new(problem: Problem, cells: Sequence[Cell]) -> int:
    """The bytes of the layers that are not stored."""
    return sum(layer.size for cell in cells for layer in cell.layers if layer.content not in problem.stored)


def _found(problem: Problem, fleet: Fleet, budget: int, current: Groups | None, deployed: Sequence[PackageSet]) -> list[list[Cell]]:
    """Packings within the budget, found in a part of the fleet where it is large."""
    part = sample(fleet)
    small = problem if part is fleet else Problem(part, problem.horizon, current, deployed, problem.sets)
    starts: list[tuple[Groups, list[Cell]]] = [((), [small.tail, *small.singles])]
    if current is not None:
        starts.append((current, small.packed(current)))
    found = []
    for kept, start in starts:
        cells = improved(small, merged(small, start, budget), budget)
        if small is not problem:
            cells = merged(problem, problem.packed(completed(small.groups(cells), kept, part)), budget)
        found.append(cells)
    return found


def _reason(problem: Problem, found: Sequence[Sequence[Cell]], old: Sequence[Cell] | None, budget: int) -> Reason:
    if old is None:
        return Reason.FIRST
    if problem.over(old, budget):
        return Reason.BUDGET
    if min(map(cost_of, found)) < cost_of(old) * (1 - _EQUAL):
        return Reason.GAIN
    return Reason.SMALL_GAIN if min(map(pushed_of, found)) < pushed_of(old) * (1 - _EQUAL) else Reason.UNCHANGED
