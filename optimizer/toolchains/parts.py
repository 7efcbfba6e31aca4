"""Which packages of a lock stand in one layer, as the packing says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from optimizer.model.packing import Packing, kept_together


def members_of_parts(names: Iterable[str], packing: Packing, ecosystem: str) -> tuple[Sequence[Sequence[str]], Sequence[str]]:
    """The packages of each part, in the order of the packing's groups and of the names, and those that no group names."""
    groups = packing.of(ecosystem)
    named = {name: number for number, group in enumerate(groups) for name in group}
    members: dict[int, list[str]] = {}
    for name, number in kept_together({name: named.get(name, len(groups)) for name in names}, packing.together_of(ecosystem)).items():
        members.setdefault(number, []).append(name)
    rest = members.pop(len(groups), [])
    return [members[number] for number in sorted(members)], rest
