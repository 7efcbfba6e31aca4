"""A packing by merging: the pair of cells that costs least is made one, again and again, until the budget holds.

Of many cells not all pairs are looked at, but those that are near each other in
any of some orders: packages that change as often, that cost as much, that the
same images have, and that the same deployments changed.  A merged cell is near
what its parts were near.  When few enough cells are left, all pairs are.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from optimizer.planning.pack.cells import TAIL, Cell, Problem, positions

_FEW = 150
_NEAR = 4


def merged(problem: Problem, given: Sequence[Cell], budget: int) -> list[Cell]:
    """Cells within the budget of layers per image, the tail first, from cells that may be more."""
    merging = _Merging(problem, given, budget)
    while merging.over:
        merging.merge()
    return sorted(merging.cells.values(), key=lambda cell: TAIL not in cell.members)


class _Merging:
    """``cells`` by number, in the order in which they came; ``over`` are the images that have too many."""

    def __init__(self, problem: Problem, given: Sequence[Cell], budget: int) -> None:
        self.cells = dict(enumerate(given))
        self._problem, self._budget = problem, budget
        self._counts = [sum(cell.users >> image & 1 for cell in given) for image in range(len(problem.images))]
        self.over = self._over()
        self._next = len(given)
        self._dense = len(given) <= _FEW
        self._near = {number: set[int]() for number in self.cells} if self._dense or not self.over else _near(given)
        self._heap = [] if not self.over else [offer for number in self.cells for offer in self._offers(number, self._partners(number))]
        heapq.heapify(self._heap)

    def merge(self) -> None:
        """Makes the pair one that costs least for each image that it brings nearer to the budget."""
        first, second = self._pop()
        one, other = self.cells.pop(first), self.cells.pop(second)
        number = self._next
        self._next += 1
        self.cells[number] = self._problem.merged(one, other)
        for image in positions(one.users & other.users):
            self._counts[image] -= 1
        self.over = self._over()
        near = (self._near.pop(first) | self._near.pop(second)) - {first, second}
        self._near[number] = near
        for partner in near:
            self._near[partner] = (self._near[partner] - {first, second}) | {number}
        for offer in self._offers(number, self._partners(number)):
            heapq.heappush(self._heap, offer)
        if not self._dense and len(self.cells) <= _FEW:
            self._look_at_all()

    def _pop(self) -> tuple[int, int]:
        while True:
            while self._heap:
                _, first, second = heapq.heappop(self._heap)
                if first in self.cells and second in self.cells and self.cells[first].users & self.cells[second].users & self.over:
                    return first, second
            self._look_at_all()

    def _look_at_all(self) -> None:
        self._dense = True
        self._heap = [offer for number in self.cells for offer in self._offers(number, self._partners(number))]
        heapq.heapify(self._heap)

    def _partners(self, number: int) -> Iterable[int]:
        return self.cells if self._dense else self._near[number]

    def _offers(self, number: int, partners: Iterable[int]) -> Iterator[tuple[float, int, int]]:
        """The ways to merge a cell with those that came before it."""
        one = self.cells[number]
        for before in partners:
            if before < number and (helped := (one.users & self.cells[before].users & self.over).bit_count()):
                yield self._problem.price(one, self.cells[before]) / helped, before, number

    def _over(self) -> int:
        return sum(1 << image for image, count in enumerate(self._counts) if count > self._budget)


def _near(cells: Sequence[Cell]) -> dict[int, set[int]]:
    """The cells next to each in any of the orders, by number."""
    near: dict[int, set[int]] = {number: set() for number in range(len(cells))}
    orders: tuple[Callable[[Cell], Any], ...] = (_rate, lambda cell: cell.pushed, lambda cell: (cell.users, _rate(cell)), _records)
    for order in orders:
        numbers = sorted(near, key=lambda number: (order(cells[number]), number))
        for position, number in enumerate(numbers):
            for other in numbers[max(0, position - _NEAR) : position]:
                near[number].add(other)
                near[other].add(number)
    return near


def _rate(cell: Cell) -> float:
    size = sum(layer.size for layer in cell.layers)
    return cell.pushed / size if size else 0.0


def _records(cell: Cell) -> tuple[int, float]:
    return cell.layers[0].records, _rate(cell)
