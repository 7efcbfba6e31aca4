"""The time and memory that packing a large fleet takes, against plain CDK's synthesis of 200 functions in the same run.

Fleets are made at random: each function has 300 packages, of which 200 are
those of all, 80 those of its team (20 teams) and 20 its own, chosen from 60
that its team uses.  So no two functions have equal sets.  The past is of 60
deployments.  *first* packs a fleet that has no packing, *again* one whose
packing is there and of which a package changed.  Each is a process of its own;
what it takes to make the fleet is not counted as time.  Plain CDK is the cold
synthesis of ``benchmarks.synth``, without its peers.

Run: ``python -m benchmarks.packing_fleet [--functions N ...] [--rounds N]``
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks import synth
from optimizer.planning.pack.choose import choose_packing
from optimizer.planning.pack.fleet import Change, Fleet, PackageSet

TEAMS = 20
DEPLOYMENTS = 60
SHARED, OF_TEAM, OWN, POOL = 200, 80, 20, 60


def fleet_of(functions: int) -> Fleet:
    chance = random.Random(20261129)
    names = [f"package-{number}" for number in range(SHARED + TEAMS * (OF_TEAM + POOL))]
    sizes = {name: int(10 ** chance.uniform(3.5, 7.0)) for name in names}
    sets = []
    for number in range(functions):
        start = SHARED + number % TEAMS * (OF_TEAM + POOL)
        pool = names[start + OF_TEAM : start + OF_TEAM + POOL]
        held = names[:SHARED] + names[start : start + OF_TEAM] + chance.sample(pool, OWN)
        sets.append(
            PackageSet(name=f"function-{number}", packages={name: sizes[name] for name in held}, versions=dict.fromkeys(held, "1.0.0"))
        )
    rates = {name: 10 ** chance.uniform(-3.0, -1.0) for name in names}
    past = (frozenset(name for name in names if chance.random() < rates[name]) for _ in range(DEPLOYMENTS))
    return Fleet(sets=tuple(sets), changes=tuple(Change(packages=changed) for changed in past if changed), deployments=DEPLOYMENTS)


def packed(functions: int) -> None:
    """Prints what packing a fleet takes, as JSON."""
    fleet = fleet_of(functions)
    started = time.perf_counter()
    choice = choose_packing(fleet)
    first = time.perf_counter() - started
    changed = next(iter(fleet.sets[0].packages))
    sets = tuple(replace(each, versions={**each.versions, changed: "1.0.1"}) for each in fleet.sets)
    more = replace(fleet, sets=sets, changes=(*fleet.changes, Change(packages=frozenset({changed}))), deployments=DEPLOYMENTS + 1)
    started = time.perf_counter()
    again = choose_packing(more, current=choice.groups, deployed=fleet.sets)
    then = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    share = choice.chosen.pushed / choice.one_layer.pushed
    print(json.dumps({"first": first, "again": then, "memory": memory, "share": share, "kept": again.kept, "layers": choice.chosen.layers}))


def plain_cdk(functions: int = 200, specs: int = 20) -> float:
    """Seconds that a cold synthesis of plain CDK takes."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary, "fleet")
        synth.write_fleet(directory, functions, specs, 1000, 20_000_000)
        home = Path(temporary, "home")
        home.mkdir()
        synth.run(directory, synth.EMPTY, Path(temporary, "first"), state="cold")
        os.sync()
        return synth.run(directory, synth.HEAD.format(functions=functions, specs=specs) + synth.APPS["plain CDK"], home, state="cold")[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--functions", type=int, nargs="+", default=[100, 300, 1000], help="[default: 100 300 1000]")
    parser.add_argument("--rounds", type=int, default=3, help="[default: 3]")
    parser.add_argument("--packed", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.packed:
        packed(arguments.packed)
        return
    found: dict[int, list[dict[str, float]]] = {functions: [] for functions in arguments.functions}
    seconds = []
    for _ in range(arguments.rounds):
        seconds.append(plain_cdk())
        for functions in arguments.functions:
            command = [sys.executable, "-m", "benchmarks.packing_fleet", "--packed", str(functions)]
            found[functions].append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    cdk = statistics.median(seconds)
    print(f"plain CDK, 200 functions: {cdk:.2f} s; medians of {arguments.rounds}")
    print(
        f"{'functions':>9}{'first':>10}{'again':>10}{'/ CDK':>8}{'ms each':>9}{'MiB':>7}{'pushes of one layer':>21}{'layers':>8}{'kept':>7}"
    )
    for functions, results in found.items():
        middle = {key: statistics.median(each[key] for each in results) for key in results[0]}
        each = middle["first"] / functions * 1000
        row = f"{functions:9}{middle['first']:8.2f} s{middle['again']:8.2f} s{middle['first'] / cdk:8.2f}{each:9.1f}{middle['memory']:7.0f}"
        print(f"{row}{middle['share']:21.1%}{middle['layers']:8.0f}{middle['kept']:7.1%}")


if __name__ == "__main__":
    main()
