"""Which packages have layers of their own: a decision about a whole app, kept in its lock."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any

from optimizer.model.python_names import normal_name

PYTHON = "python"
ECOSYSTEMS = (PYTHON, "nodejs")
"""The kinds of packages that can be packed into several layers."""

Groups = tuple[tuple[str, ...], ...]
"""Packages by their normalised names, one tuple a layer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """The groups of packages that make layers of their own, by ecosystem; ``Packing()`` makes none.

    An image has a layer for each group that has any of its packages, with
    those; what no group names stands in one layer more.  So a package that is
    new moves no other one.  Names are normalised, each is in one group at most,
    and both groups and the names in them are sorted: equal decisions are equal
    values.  ``decided`` is the day of the decision.

    ``together`` are sets of packages that no group may part, because they hold
    the same paths; sets with a package in common are one.  People write it; where a lock has two of a set, all of them
    stand in the layer of the first group that names one.
    """

    groups: Mapping[str, Groups] = field(default_factory=dict, hash=False)
    together: Groups = ()
    decided: datetime.date | None = None

    def __post_init__(self) -> None:
        kept = {name: _sorted(groups) for name, groups in sorted(self.groups.items()) if any(groups)}
        object.__setattr__(self, "groups", MappingProxyType(kept))
        object.__setattr__(self, "together", _sorted(_united(self.together)))

    def __reduce__(self) -> tuple[Any, ...]:
        # A read-only view cannot be sent to another process.
        return partial(Packing, groups=dict(self.groups), together=self.together, decided=self.decided), ()

    def __bool__(self) -> bool:
        return bool(self.groups or self.together)

    def of(self, ecosystem: str) -> Groups:
        """The groups of an ecosystem."""
        return self.groups.get(ecosystem, ())

    def together_of(self, ecosystem: str) -> Groups:
        """The sets that may not be parted, with names as the packages of an ecosystem have them: people write Python's in any form."""
        if ecosystem != PYTHON:
            return self.together
        return _sorted(_united([list(map(normal_name, names)) for names in self.together]))


def kept_together(group_of: Mapping[str, int], together: Groups) -> dict[str, int]:
    """The numbers of the groups of an image's packages, the least one of its members for all of each set in ``together``."""
    moved = dict(group_of)
    for names in together:
        there = [name for name in names if name in moved]
        moved.update(dict.fromkeys(there, min((moved[name] for name in there), default=0)))
    return moved


def _sorted(groups: Iterable[Collection[str]]) -> Groups:
    return tuple(sorted(tuple(sorted(group)) for group in groups if group))


def _united(sets: Sequence[Sequence[str]]) -> list[set[str]]:
    """The sets, those with a common member as one."""
    united: list[set[str]] = []
    for each in map(set, sets):
        for other in [other for other in united if other & each]:
            united.remove(other)
            each |= other
        united.append(each)
    return united
