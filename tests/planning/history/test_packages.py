"""How often packages changed, against going through all deployments one by one."""

from __future__ import annotations

import itertools
import random

import pytest

from optimizer.model.plan import LockedBy
from optimizer.planning.history.observe import LockPast, LockUse, Observations
from optimizer.planning.history.packages import PackagePasts
from optimizer.planning.history.trackers import ReleaseChange
from optimizer.toolchains.releases import Release

NAMES = "abcd"


def past(chance: random.Random, deployments: int) -> tuple[LockPast, list[dict[str, int]]]:
    """A lock, and what it held after each deployment, the newest first; the last is what it held before all of them."""
    states = [{name: 0 for name in NAMES if chance.random() < 0.6}]
    for _ in range(deployments):
        state = dict(states[0])
        for name in NAMES:
            what = chance.random()
            if what < 0.2 and name in state:
                state[name] += 1
            elif what < 0.3 and name not in state:
                state[name] = 0
        states.insert(0, state)
    releases = [{name: Release(str(version)) for name, version in state.items()} for state in states]
    changes: list[ReleaseChange | None] = [ReleaseChange.between(old, new) for new, old in itertools.pairwise(releases)]
    unknown = chance.randint(0, deployments)
    if chance.random() < 0.3:
        changes = [*changes[:unknown], *[None] * (deployments - unknown)]
    return LockPast(releases=releases[0], changes=tuple(changes)), states


@pytest.mark.parametrize("seed", range(80))
def test_a_package_changes_where_a_lock_has_another_release(seed: int) -> None:
    chance = random.Random(seed)
    deployments = 8
    locks = [past(chance, deployments) for _ in range(3)]
    uses = {
        LockUse(LockedBy(ecosystem="python", path=f"{number}.txt"), "python3.13", "arm64"): lock for number, (lock, _) in enumerate(locks)
    }
    pasts = PackagePasts(Observations(weights=(1.0,) * deployments, locks=uses), "python")
    assert pasts.names == tuple(sorted({name for lock, _ in locks for name in lock.releases}))
    for name in pasts.names:
        expected: list[bool | None] = []
        for position in range(deployments):
            pairs = [(states[position], states[position + 1]) for lock, states in locks if lock.changes[position] is not None]
            answers = [after[name] != before[name] for after, before in pairs if name in after and name in before]
            expected.append(any(answers) if answers else None)
        assert pasts.flags([name]) == tuple(expected)


def test_a_package_that_comes_to_a_group_changes_it() -> None:
    empty = frozenset[str]()
    changes = (
        ReleaseChange(empty, frozenset("b"), empty),
        ReleaseChange(empty, empty, empty),
        ReleaseChange(empty, empty, frozenset("c")),
        ReleaseChange(empty, frozenset("a"), empty),
    )
    lock = LockPast(releases={"a": Release("1"), "b": Release("1")}, changes=changes)
    use = LockUse(LockedBy(ecosystem="python", path="x.txt"), "python3.13", "arm64")
    pasts = PackagePasts(Observations(weights=(1.0,) * 4, locks={use: lock}), "python")
    assert pasts.flags("abc") == (True, False, True, None)
    assert pasts.flags("b") == (None, None, None, None)
    assert PackagePasts(Observations(weights=(1.0,) * 4, locks={use: lock}), "nodejs").flags("a") == (None,) * 4
