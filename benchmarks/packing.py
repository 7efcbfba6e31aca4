"""Layers of packages: what deployments push with each way to pack them, replayed from real lock files.

Each history of ``data/lock-histories`` is a fleet of images and what their
locks held from date to date.  Before each deployment a way to pack sees the
images that are to be deployed and all deployments before, nothing later; a
layer is pushed unless the registry has one with the same packages at the same
versions, of whichever image and age.  So a change of the packing itself costs
what it pushes, like a change of a package.  The first push of an image is no
deployment.  Only bytes of packages count: no code, no base image.

Columns: ``MB`` pushed per deployment, over all images; ``times`` a layer per
package, which is the least that any way could push and more layers than an
image may have; ``stored``, the MB of all layers ever pushed; ``layers``, the
most in an image; ``kept``, of the layers in which no package changed, how many
the next deployment still has.

*hindsight* is one partition for the whole history by greedy merging, with all
of its deployments known before.  ``--every`` lets this project decide again
only every so many deployments.  ``--apart`` replays each image of a fleet by
itself, with a registry of its own.

Run: ``python -m benchmarks.packing [--history NAME] [--budget LAYERS] [--horizon DEPLOYMENTS] [--every DEPLOYMENTS] [--apart]``
"""

from __future__ import annotations

import argparse
import datetime
import math
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from benchmarks import histories, packers
from benchmarks.histories import Deployment, History, Image
from benchmarks.packers import Layers, Packer, completed
from optimizer.model.packing import Groups
from optimizer.planning.pack.choose import BUDGET, HORIZON, choose_packing
from optimizer.planning.pack.fleet import Change, Fleet, PackageSet

Content = tuple[tuple[str, str], ...]
"""What stands in a layer: packages and versions."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a way to pack costs over a history: bytes, deployments, and shares of layers."""

    pushed: int
    deployments: int
    stored: int
    layers: int
    kept: int
    clean: int

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.pushed + other.pushed,
            self.deployments + other.deployments,
            self.stored + other.stored,
            max(self.layers, other.layers),
            self.kept + other.kept,
            self.clean + other.clean,
        )


def replay(history: History, packer: Packer) -> Cost:
    """What a history costs with a way to pack."""
    registry: dict[Content, int] = {}
    pushed = most = kept = clean = 0
    before: Mapping[str, set[Content]] = {}
    for deployment in history.deployments:
        packed = packer(deployment.date, deployment.images)
        after: dict[str, set[Content]] = {}
        # The first push of an image is no deployment, and what it brings is there for all others.
        for name in sorted(deployment.images, key=lambda name: name in before):
            image = deployment.images[name]
            contents = _contents(image, packed[name])
            after[name] = set(contents)
            most = max(most, len(contents))
            new = {content: size for content, size in contents.items() if content not in registry}
            registry |= new
            if name in before:
                pushed += sum(new.values())
                still = {
                    content for content in before[name] if all(key in image and image[key].version == version for key, version in content)
                }
                clean += len(still)
                kept += len(still & after[name])
        before = after
    return Cost(pushed, len(history.deployments) - 1, sum(registry.values()), most, kept, clean)


def _contents(image: Image, layers: Layers) -> dict[Content, int]:
    found = {
        tuple(sorted((name, image[name].version) for name in layer)): sum(image[name].size for name in layer) for layer in layers if layer
    }
    assert sum(map(len, found)) == len(image), "a package is missing, or in two layers"
    return found


def changes_of(before: Mapping[str, Image], after: Mapping[str, Image]) -> Change | None:
    """What a deployment changed, as evidence; None where it changed no package."""
    known = {name for image in before.values() for name in image}
    changed: set[str] = set()
    sets = set()
    for member, image in after.items():
        old = before.get(member)
        if old is not None:
            own = {name for name in image.keys() | old.keys() if image.get(name) != old.get(name)}
            changed |= own
            if own:
                sets.add(member)
    return Change(packages=frozenset(changed), added=frozenset(changed - known), sets=frozenset(sets)) if changed else None


def package_sets(images: Mapping[str, Image]) -> tuple[PackageSet, ...]:
    return tuple(
        PackageSet(
            name=member,
            packages={name: package.size for name, package in image.items()},
            versions={name: package.version for name, package in image.items()},
        )
        for member, image in images.items()
    )


def this_project(history: History, budget: int, *, horizon: float = HORIZON, every: int = 1) -> Packer:
    """What ``choose_packing`` decides, with the past and the lock that is to be deployed."""
    past: list[Change] = []
    groups: Groups | None = None
    before: Mapping[str, Image] = {}
    asked = 0

    def packer(date: datetime.date, images: Mapping[str, Image]) -> Mapping[str, Layers]:
        nonlocal groups, before, asked
        if before and (change := changes_of(before, images)):
            past.append(change)
        if asked % every == 0:
            fleet = Fleet(sets=package_sets(images), changes=tuple(past), deployments=len(past))
            groups = choose_packing(fleet, budget=budget, current=groups, deployed=package_sets(before), horizon=horizon).groups
        before = images
        asked += 1
        return {member: completed(groups or (), image) for member, image in images.items()}

    return packer


def hindsight(history: History, budget: int) -> Packer:
    """One partition for all times, by greedy merging with the whole history known: evidence that outweighs every prior."""
    weight = 1e6
    sizes: dict[str, dict[str, list[int]]] = {}
    past = []
    before: Mapping[str, Image] = {}
    for deployment in history.deployments:
        for member, image in deployment.images.items():
            for name, package in image.items():
                sizes.setdefault(member, {}).setdefault(name, []).append(package.size)
        if before and (change := changes_of(before, deployment.images)):
            past.append(Change(packages=change.packages, weight=weight))
        before = deployment.images
    # All packages of all times; each has a layer, so that none is left for what is new.
    sets = tuple(
        PackageSet(name=member, packages={name: sum(each) // len(each) for name, each in of.items()}) for member, of in sizes.items()
    )
    groups = choose_packing(Fleet(sets=sets, changes=tuple(past), deployments=weight * len(past)), budget=budget).groups
    return lambda date, images: {member: completed(groups, image) for member, image in images.items()}


WAYS: dict[str, Callable[[History, int], Packer]] = {
    "one layer": packers.one_layer,
    "layer per package": packers.layer_per_package,
    "biggest at first": packers.biggest_once,
    "greedy by size": packers.balanced,
    "nix": packers.nix,
    "chunkah": packers.chunkah,
    "apko": packers.apko,
    "hindsight": hindsight,
    "this project": this_project,
}
PUBLISHED = ("nix", "chunkah", "apko")


def alone(history: History) -> list[History]:
    """Each image of a fleet as a history of its own, of the deployments that changed it."""
    found = []
    for member in sorted({member for deployment in history.deployments for member in deployment.images}):
        own: list[Deployment] = []
        for deployment in history.deployments:
            image = deployment.images.get(member)
            if image is not None and (not own or own[-1].images[member] != image):
                own.append(Deployment(deployment.date, {member: image}))
        found.append(History(history.name, tuple(own), history.references))
    return found


def measured(task: tuple[str, str], *, budget: int, apart: bool, options: Mapping[str, float]) -> Cost:
    """What one way costs over one history."""
    name, way = task
    history = histories.load(name)
    make = partial(this_project, **options) if way == "this project" else WAYS[way]
    costs = [replay(each, make(each, budget)) for each in (alone(history) if apart else [history])]
    total = costs[0]
    for cost in costs[1:]:
        total += cost
    return total


def mean(values: list[float]) -> float:
    """The geometric mean."""
    return math.exp(math.fsum(map(math.log, values)) / len(values))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--history", action="append", choices=histories.names(), help="only this one; may be given again")
    parser.add_argument("--budget", type=int, default=BUDGET, help=f"layers of packages in an image  [default: {BUDGET}]")
    parser.add_argument("--horizon", type=float, default=HORIZON, help=f"deployments in which a change has to pay  [default: {HORIZON:g}]")
    parser.add_argument("--every", type=int, default=1, help="deployments between decisions of this project  [default: 1]")
    parser.add_argument("--apart", action="store_true", help="each image by itself")
    arguments = parser.parse_args()
    chosen = arguments.history or histories.names()
    tasks = [(name, way) for name in chosen for way in WAYS]
    options = {"horizon": arguments.horizon, "every": arguments.every}
    work = partial(measured, budget=arguments.budget, apart=arguments.apart, options=options)
    times: dict[str, list[float]] = {way: [] for way in WAYS}
    worse = []
    print(f"{'':28}{'MB':>8}{'times':>8}{'stored':>9}{'layers':>8}{'kept':>8}")
    with ProcessPoolExecutor(2) as pool:
        costs = dict(zip(tasks, pool.map(work, tasks), strict=True))
    for name in chosen:
        print(name)
        least = costs[name, "layer per package"].pushed
        for way in WAYS:
            cost = costs[name, way]
            times[way].append(cost.pushed / least)
            kept = cost.kept / cost.clean if cost.clean else 1.0
            per = cost.pushed / cost.deployments / 1e6
            print(f"  {way:26}{per:8.2f}{times[way][-1]:8.2f}{cost.stored / 1e6:9.1f}{cost.layers:8}{kept:8.1%}")
        print(f"  {'this project / hindsight':26}{'':8}{times['this project'][-1] / times['hindsight'][-1]:8.2f}", flush=True)
        if costs[name, "this project"].pushed > costs[name, "one layer"].pushed:
            worse.append(name)
    print("geometric mean")
    for way in WAYS:
        cost = [costs[name, way] for name in chosen]
        print(
            f"  {way:26}{'':8}{mean(times[way]):8.2f}{'':17}{sum(each.kept for each in cost) / max(1, sum(each.clean for each in cost)):8.1%}"
        )
    best = min(PUBLISHED, key=lambda way: mean(times[way]))
    print(f"this project / {best}, the best published rule: {mean(times['this project']) / mean(times[best]):.2f}")
    print(f"worse than one layer on: {', '.join(worse) or 'none'}")
    sys.exit(1 if worse else 0)


if __name__ == "__main__":
    main()
