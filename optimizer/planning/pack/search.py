"""A packing made better move by move, each of which makes it cost less.

Moves are: a package into another group; some packages of a group into one of
their own, and two other groups made one where the budget asks for it.  What is
pushed in any case, because something in its layer changed, moves for nothing:
so the search begins with the current packing, and changes it where that pays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from optimizer.planning.pack.cells import TAIL, Cell, Problem, cost_of, positions

_EQUAL = 1e-9
"""Relative difference under which two costs are equal: rounding must not move packages."""

_ROUNDS = 20
_PARTS = 12
_WORTH = 0.002
# Numbers of operations and no time, so that every machine gives the same packing.


class _Split(NamedTuple):
    """A cell in two, and what that saves."""

    gain: float
    rest: Cell
    taken: Cell


class _Move(NamedTuple):
    """A split of a cell, and the two others that become one for it."""

    gain: float
    cell: int
    split: _Split
    pair: tuple[int, int] | None


def improved(problem: Problem, cells: Sequence[Cell], budget: int) -> list[Cell]:
    """Cells within the budget, the tail first, that cost no more than the given ones, which are within it too."""
    search = _Search(problem, cells, budget)
    cost = cost_of(search.cells)
    for _ in range(_ROUNDS):
        search.relocate()
        search.divide()
        before, cost = cost, cost_of(search.cells)
        if before - cost <= _WORTH * cost:
            break
    return search.cells


class _Search:
    def __init__(self, problem: Problem, cells: Sequence[Cell], budget: int) -> None:
        self.cells = list(cells)
        self._problem, self._budget = problem, budget
        self._splits: dict[tuple[int, ...], list[_Split]] = {}
        self._prices: dict[tuple[tuple[int, ...], tuple[int, ...]], float] = {}

    def relocate(self) -> None:
        """Moves single packages to where they cost least."""
        problem, cells = self._problem, self.cells
        home_of = {member: number for number, cell in enumerate(cells) for member in cell.members}
        full = problem.over(cells, self._budget - 1)
        for member, single in enumerate(problem.singles):
            home = home_of[member]
            if len(cells[home].members) == 1:
                continue
            rest = problem.together([other for other in cells[home].members if other != member])
            least, where = (cells[home].cost - rest.cost) * (1 - _EQUAL), None
            if least <= problem.horizon * single.pushed:
                continue
            for number, cell in enumerate(cells):
                # Images that would have a layer more need room for it.
                if number != home and not single.users & ~cell.users & full:
                    cost = problem.price(cell, single) + single.cost
                    if cost < least:
                        least, where = cost, number
            if where is not None:
                cells[home], cells[where] = rest, problem.merged(cells[where], single)
                home_of[member] = where
                full = problem.over(cells, self._budget - 1)

    def divide(self) -> None:
        """Divides cells as long as that saves something."""
        while (move := self._best()) is not None:
            cells = self.cells
            cells[move.cell] = move.split.rest
            if move.pair is not None:
                one, other = move.pair
                cells[one] = self._problem.merged(cells[one], cells[other])
                del cells[other]
            cells.append(move.split.taken)
            cells.sort(key=lambda cell: TAIL not in cell.members)

    def _best(self) -> _Move | None:
        cells = self.cells
        pairs = sorted(
            (self._price(cells[one], cells[other]), one, other)
            for other in range(len(cells))
            for one in range(other)
            if cells[one].users & cells[other].users
        )
        helping: dict[int, list[tuple[float, int, int]]] = {}
        best: _Move | None = None
        for number, cell in enumerate(cells):
            for split in self._splits_of(cell):
                least = max(_EQUAL * cell.cost, best.gain if best else 0.0)
                over = self._problem.over([*cells[:number], split.rest, split.taken, *cells[number + 1 :]], self._budget)
                if not over:
                    if split.gain > least:
                        best = _Move(split.gain, number, split, None)
                    continue
                if over not in helping:
                    helping[over] = [pair for pair in pairs if not over & ~(cells[pair[1]].users & cells[pair[2]].users)]
                for price, one, other in helping[over]:
                    if split.gain - price <= least:
                        break
                    if number not in (one, other):
                        best = _Move(split.gain - price, number, split, (one, other))
                        break
        return best

    def _price(self, one: Cell, other: Cell) -> float:
        key = one.members, other.members
        if key not in self._prices:
            self._prices[key] = self._problem.price(one, other)
        return self._prices[key]

    def _splits_of(self, cell: Cell) -> list[_Split]:
        """The splits of a cell that save most, without what they ask of other cells."""
        found = self._splits.get(cell.members)
        if found is None:
            found = []
            for part in _parts(self._problem, cell):
                rest = self._problem.together([member for member in cell.members if member not in part])
                taken = self._problem.together(sorted(part))
                gain = cell.cost - rest.cost - taken.cost
                if gain > _EQUAL * cell.cost:
                    found.append(_Split(gain, rest, taken))
            found.sort(key=lambda split: (-split.gain, split.taken.members))
            self._splits[cell.members] = found = found[:_PARTS]
        return found


def _parts(problem: Problem, cell: Cell) -> list[frozenset[int]]:
    """What may leave a cell together: one unit, those that a record changed, and those that the same records changed."""
    members = [member for member in cell.members if member != TAIL]
    records = {member: problem.records_of_unit(member) for member in members}
    found = {frozenset((member,)) for member in members}
    seen: dict[int, list[int]] = {}
    by_records: dict[int, list[int]] = {}
    for member in members:
        by_records.setdefault(records[member], []).append(member)
        for record in positions(records[member]):
            seen.setdefault(record, []).append(member)
    found |= {frozenset(part) for part in [*seen.values(), *by_records.values()]}
    return sorted((part for part in found if len(part) < len(cell.members)), key=sorted)
