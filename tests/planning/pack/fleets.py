"""Fleets made at random, with a past, for tests of how they are packed."""

from __future__ import annotations

import random

from optimizer.planning.pack.fleet import Change, Fleet, PackageSet


def random_fleet(chance: random.Random, packages: int, sets: int, changes: int = 12) -> Fleet:
    """Images of some of the packages, a few at other versions, and deployments that changed some of them together."""
    names = [f"p{number}" for number in range(packages)]
    sizes = {name: chance.choice([1, 10, 100, 1000]) * chance.randint(1, 9) for name in names}
    images = []
    for number in range(sets):
        kept = sorted(chance.sample(names, chance.randint(1, packages)))
        versions = {name: chance.choice(["1", "1", "1", "2"]) for name in kept}
        images.append(PackageSet(name=f"s{number}", packages={name: sizes[name] for name in kept}, versions=versions))
    rates = {name: chance.choice([0.02, 0.1, 0.4]) for name in names}
    past = []
    for _ in range(changes):
        changed = frozenset(name for name in names if chance.random() < rates[name])
        if changed:
            added = frozenset(chance.sample(sorted(changed), 1)) if chance.random() < 0.2 else frozenset()
            touched = None if chance.random() < 0.7 else frozenset(each.name for each in images if chance.random() < 0.6)
            past.append(Change(packages=changed, weight=chance.choice([1.0, 0.5, 2.0]), added=added, sets=touched))
    return Fleet(sets=tuple(images), changes=tuple(past), deployments=sum(change.weight for change in past) + chance.randint(0, 5))


def shuffled(chance: random.Random, fleet: Fleet) -> Fleet:
    """The same fleet, with everything that has no order in another."""
    sets = [
        PackageSet(
            name=each.name,
            packages=dict(chance.sample(list(each.packages.items()), len(each.packages))),
            versions=dict(chance.sample(list(each.versions.items()), len(each.versions))),
        )
        for each in fleet.sets
    ]
    chance.shuffle(sets)
    changes = list(fleet.changes)
    chance.shuffle(changes)
    return Fleet(sets=tuple(sets), changes=tuple(changes), deployments=fleet.deployments)
