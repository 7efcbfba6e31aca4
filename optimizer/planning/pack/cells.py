"""Packages that stand together, as the layers that they are in each image, and what these cost.

A *unit* is a package, or a set of packages that may not be parted.  A *cell*
is a group of units.  Images that have the same ones of them, at
the same versions, share the layer: a cell is one layer or several.  One cell
is the *tail*: what no group names, with all that will be new.  It has the
number ``TAIL`` among its members, and a layer in every image, which may be
empty.

A *variant* is a package at a version, and a *content* the mask of the variants
in a layer.  *Users* of a layer are the images that have it, as a mask.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from optimizer.model.packing import Groups, kept_together
from optimizer.planning.pack.choice import Estimate
from optimizer.planning.pack.fleet import Fleet, PackageSet
from optimizer.planning.pack.rates import Rates

TAIL = -1
"""Stands among the members of a cell for what no group names."""


class Layer(NamedTuple):
    """A layer: its users, its content, the bytes of that, the records that changed any of it, and the sum of its hazards."""

    users: int
    content: int
    size: int
    records: int
    hazard: float


class Cell(NamedTuple):
    """A group of units, by their numbers, and its layers; ``users`` are those of all layers.

    ``pushed`` are the bytes that a deployment is expected to push of them,
    ``cost`` those over the horizon and what has to be pushed first.
    """

    members: tuple[int, ...]
    layers: tuple[Layer, ...]
    users: int
    pushed: float
    cost: float


class Problem:
    """A fleet, prepared: ``units`` in order, a cell for each, and the tail with none of them.

    ``units`` are the names of the packages of each; ``sets`` those that may not
    be parted, as they were given.  ``images`` are the contents of the different images that there are;
    ``stored`` are those of the layers that are deployed, as far as all that
    stands in them is in an image still.  ``horizon`` is in deployments.
    """

    def __init__(self, fleet: Fleet, horizon: float, current: Groups | None, deployed: Sequence[PackageSet], together: Groups = ()) -> None:
        self.horizon = horizon
        self.sets = together
        self.units = _units({name for each in fleet.sets for name in each.packages}, together)
        self.rates = Rates(fleet)
        # Images that have the same packages at the same versions have the same layers.
        images: dict[_Variants, int] = {}
        for each in fleet.sets:
            key = _variants(each)
            images[key] = images.get(key, 0) | self.rates.of_sets[each.name]
        keys = sorted(images)
        bits = {variant: 1 << position for position, variant in enumerate(sorted({variant for key in keys for variant in key}))}
        self.images = tuple(sum(bits[variant] for variant in key) for key in keys)
        self.stored = frozenset() if current is None else frozenset(_stored(bits, current, deployed, together))
        self._of_images = [images[key] for key in keys]
        self._of_users: dict[int, int] = {}
        every = (1 << len(keys)) - 1
        users = dict.fromkeys(bits, 0)
        for position, key in enumerate(keys):
            for variant in key:
                users[variant] |= 1 << position
        layers: dict[str, list[Layer]] = {name: [] for unit in self.units for name in unit}
        for variant, bit in bits.items():
            name, _, size = variant
            layers[name].append(Layer(users[variant], bit, size, self.rates.records(name), self.rates.hazard))
        self._parts = tuple([layer for name in unit for layer in layers[name]] for unit in self.units)
        self.singles = tuple(
            self.cell((number,), parts) if len(unit) == 1 else self.together((number,))
            for number, (unit, parts) in enumerate(zip(self.units, self._parts, strict=True))
        )
        self.tail = self.cell((TAIL,), [Layer(every, 0, 0, self.rates.additions, self.rates.hazard)])

    def cell(self, members: tuple[int, ...], layers: Sequence[Layer]) -> Cell:
        """A cell of members whose layers are known."""
        users, pushed, first = 0, 0.0, 0
        for layer in layers:
            users |= layer.users
            pushed += layer.size * self.rates.changes(layer.records & self.records_of(layer.users), layer.hazard)
            if layer.content not in self.stored:
                first += layer.size
        return Cell(members, tuple(layers), users, pushed, self.horizon * pushed + first)

    def records_of(self, users: int) -> int:
        """The records that changed any of some images."""
        found = self._of_users.get(users)
        if found is None:
            found = 0
            for position in positions(users):
                found |= self._of_images[position]
            self._of_users[users] = found
        return found

    def merged(self, one: Cell, other: Cell) -> Cell:
        """Both groups as one; they have no package in common."""
        return self.cell(one.members + other.members, _joined(one.layers, other.layers))

    def price(self, one: Cell, other: Cell) -> float:
        """What it costs to make two groups one."""
        if len(one.layers) == len(other.layers) == 1 and one.users == other.users:
            # Most pairs of a fleet with one image, and worth the lines.
            first, second = one.layers[0], other.layers[0]
            size = first.size + second.size
            records = (first.records | second.records) & self.records_of(one.users)
            new = 0 if first.content | second.content in self.stored else size
            return self.horizon * size * self.rates.changes(records, first.hazard + second.hazard) + new - one.cost - other.cost
        return self.cell((), _joined(one.layers, other.layers)).cost - one.cost - other.cost

    def together(self, members: Sequence[int]) -> Cell:
        """The cell of some units, or of ``TAIL`` and units."""
        parts = [layer for member in members if member != TAIL for layer in self._parts[member]]
        whole = sum(layer.content for layer in parts)
        if len(self.images) == 1:
            return self.cell(tuple(members), [self._layer(parts, 1, TAIL in members)])
        users: dict[int, int] = {}
        for position, image in enumerate(self.images):
            content = whole & image
            if content or TAIL in members:
                users[content] = users.get(content, 0) | 1 << position
        layers = (self._layer([part for part in parts if part.content & content], users[content], TAIL in members) for content in users)
        return self.cell(tuple(members), list(layers))

    def _layer(self, parts: Iterable[Layer], users: int, tail: bool) -> Layer:
        content, size, records, hazard = (0, 0, self.rates.additions, self.rates.hazard) if tail else (0, 0, 0, 0.0)
        for part in parts:
            content |= part.content
            size += part.size
            records |= part.records
            hazard += part.hazard
        return Layer(users, content, size, records, hazard)

    def records_of_unit(self, number: int) -> int:
        """The records that changed any package of a unit."""
        found = 0
        for name in self.units[number]:
            found |= self.rates.records(name)
        return found

    def packed(self, groups: Groups) -> list[Cell]:
        """The cells of a packing, the tail first, each unit in the first group that names a package of it; groups without one are left out."""
        number_of = {name: number for number, unit in enumerate(self.units) for name in unit}
        rest = dict.fromkeys(range(len(self.units)))
        cells = []
        for group in groups:
            members = [number for number in dict.fromkeys(number_of[name] for name in group if name in number_of) if number in rest]
            if members:
                cells.append(self.together(members))
            for number in members:
                del rest[number]
        return [self.together([TAIL, *rest]), *cells]

    def groups(self, cells: Iterable[Cell]) -> Groups:
        """The packing that these cells are, sorted."""
        named = ([name for number in cell.members for name in self.units[number]] for cell in cells if TAIL not in cell.members)
        return tuple(sorted(tuple(sorted(names)) for names in named))

    def over(self, cells: Iterable[Cell], budget: int) -> int:
        """The images that have more cells than the budget allows, as a mask; the tail is one in every image."""
        users = [cell.users for cell in cells]
        if len(users) <= budget:
            return 0
        return sum(1 << image for image in range(len(self.images)) if sum(mask >> image & 1 for mask in users) > budget)

    def estimate(self, cells: Iterable[Cell]) -> Estimate:
        """What is expected of a packing into these cells."""
        kept = list(cells)
        layers = [layer for cell in kept for layer in cell.layers if layer.content]
        most = max((sum(layer.users >> image & 1 for layer in layers) for image in range(len(self.images))), default=0)
        return Estimate(pushed=pushed_of(kept), stored=sum({layer.content: layer.size for layer in layers}.values()), layers=most)


def pushed_of(cells: Iterable[Cell]) -> float:
    """The bytes that a deployment is expected to push of all cells."""
    return sum(cell.pushed for cell in cells)


def cost_of(cells: Iterable[Cell]) -> float:
    """What cells cost over the horizon."""
    return sum(cell.cost for cell in cells)


def positions(mask: int) -> Iterator[int]:
    """The bits of a mask, the lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


_Variants = tuple[tuple[str, str, int], ...]


def _variants(each: PackageSet) -> _Variants:
    return tuple(sorted((name, each.versions.get(name, ""), size) for name, size in each.packages.items()))


def _units(names: Collection[str], together: Groups) -> tuple[tuple[str, ...], ...]:
    """The packages, those of a set as one."""
    sets = [tuple(sorted(name for name in each if name in names)) for each in together]
    alone = {*names}.difference(*sets)
    return tuple(sorted([*((name,) for name in alone), *(each for each in sets if each)]))


def _stored(bits: dict[tuple[str, str, int], int], current: Groups, deployed: Sequence[PackageSet], together: Groups) -> Iterator[int]:
    """The contents of the layers that are deployed."""
    named = {name: number for number, group in enumerate(current) for name in group}
    for each in deployed:
        group_of = kept_together({name: named.get(name, len(current)) for name in each.packages}, together)
        contents: dict[int, int] = {}
        for variant in _variants(each):
            group = group_of[variant[0]]
            # What is in no image any more makes the layer one that nothing has.
            contents[group] = contents.get(group, 0) | bits.get(variant, 1 << len(bits))
        yield from (content for content in contents.values() if not content >> len(bits))


def _joined(one: Sequence[Layer], other: Sequence[Layer]) -> list[Layer]:
    """The layers of two cells that became one: images that shared a layer of both share the new one, and no others do."""
    layers = []
    for first in one:
        rest = first.users
        for second in other:
            users = rest & second.users
            if users:
                rest ^= users
                layers.append(
                    Layer(
                        users,
                        first.content | second.content,
                        first.size + second.size,
                        first.records | second.records,
                        first.hazard + second.hazard,
                    )
                )
        if rest:
            layers.append(first._replace(users=rest))
    had = 0
    for first in one:
        had |= first.users
    layers += [second._replace(users=second.users & ~had) for second in other if second.users & ~had]
    return layers
