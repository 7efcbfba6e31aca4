"""What no packing within a budget of layers goes below.

In a layer of ``g`` packages, each of them is pushed at least as often as its
own records say, and as the hazards of ``g - 1`` others make it, which are at
least the smallest ones.  The layers of an image are as many as ``1 / g`` adds
up to over its packages, so that for any price per layer the bound is::

    sum over the packages of  min over g of (bytes * probability at g + price / g)  -  price * budget

The best price is searched for; any is valid.  Packages that the image does not
have are pushed by other layers, and no cheaper than in layers of their own.
"""

from __future__ import annotations

from itertools import accumulate

from optimizer.planning.pack.cells import Layer, Problem, pushed_of

_IMAGES = 4
_STEPS = 30


def lower_bound(problem: Problem, budget: int) -> float:
    """The bytes per deployment that any packing within the budget is expected to push at least, as the rates have it."""
    apart = pushed_of(problem.singles)
    singles = [
        (layer, cell.pushed if len(cell.layers) == 1 else problem.cell((), [layer]).pushed)
        for cell in problem.singles
        for layer in cell.layers
    ]
    extra = 0.0
    for image in sorted(range(len(problem.images)), key=lambda image: -problem.images[image].bit_count())[:_IMAGES]:
        had = [(layer, pushed) for layer, pushed in singles if layer.users >> image & 1]
        if len(had) > budget:
            extra = max(extra, _crowding(problem, image, had, budget))
    return apart + extra


def _crowding(problem: Problem, image: int, had: list[tuple[Layer, float]], budget: int) -> float:
    """What the packages of an image cost at least over layers of their own, of which the costs are given."""
    hazards = [0.0, *accumulate(sorted(layer.hazard for layer, _ in had))]
    # Between two of these sizes a layer is taken to cost what the smaller one does in bytes, and what the larger one does in layers.
    sizes = sorted({size for power in range(len(had).bit_length()) for size in (1 << power, 3 << power) if size <= len(had)})
    largest = [*(size - 1 for size in sizes[1:]), len(had)]
    own = problem.records_of(1 << image)
    extra = [
        [max(0.0, layer.size * problem.rates.changes(layer.records & own, layer.hazard + hazards[size - 1]) - pushed) for size in sizes]
        for layer, pushed in had
    ]

    def bound(price: float) -> float:
        return sum(min(cost + price / size for cost, size in zip(costs, largest, strict=True)) for costs in extra) - price * budget

    low, high = 0.0, max(costs[-1] for costs in extra) * len(had)
    for _ in range(_STEPS):
        first, second = low + (high - low) / 3, high - (high - low) / 3
        if bound(first) < bound(second):
            low = first
        else:
            high = second
    return max(0.0, bound(low))
