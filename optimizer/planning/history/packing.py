"""From what deployments changed of locks to the layers of their packages."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from optimizer.model.evidence import Evidence, PackageEvidence, StepEvidence
from optimizer.model.packing import ECOSYSTEMS, Packing
from optimizer.model.recipes.nodejs import NodePackages
from optimizer.model.recipes.python import PinnedPackages, PythonPackages
from optimizer.model.recipes.recipe import PackagePart, Recipe
from optimizer.model.steps import NodeDependencies, PythonDependencies
from optimizer.planning.evidence import group_identity
from optimizer.planning.history.observe import LockPast, LockUse, Observations, use_of
from optimizer.planning.history.packages import PackagePasts
from optimizer.planning.history.rates import MINIMUM, flagged, remembered, stability_of
from optimizer.planning.history.subjects import Image
from optimizer.planning.history.trackers import ReleaseChange
from optimizer.planning.pack.choice import Choice
from optimizer.planning.pack.choose import choose_packing
from optimizer.planning.pack.fleet import Change, Fleet, PackageSet
from optimizer.toolchains import nodejs_parts
from optimizer.toolchains.python_parts import ACROSS_PACKAGES
from optimizer.toolchains.releases import Release

_DEFAULTS = {"python": PythonDependencies.default_stability, "nodejs": NodeDependencies.default_stability}

ASSUMED_BYTES = {"python": 250_000, "nodejs": 25_000}
"""Compressed bytes of a package of which no lock and no evidence has a size, by ecosystem."""


Releases = Mapping[LockUse, Mapping[str, Release]]
"""What each use takes of its lock; one without its lock is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackingDecision:
    """The groups to keep of an ecosystem, and how they were chosen; ``unsized`` are the packages whose size is assumed."""

    ecosystem: str
    choice: Choice
    unsized: tuple[str, ...]


def divisible_uses(images: Iterable[Image]) -> tuple[LockUse, ...]:
    """The uses of locks whose packages can stand in several layers."""
    found = ((use_of(stage, image), stage) for image in images for stage in image.kept.plan.stages)
    return tuple(dict.fromkeys(use for use, stage in found if use is not None and _divisible(stage.recipe)))


def _divisible(recipe: Recipe) -> bool:
    """Whether each package is known by itself, as far as the recipe tells; the plan says of each lock where it is not."""
    if isinstance(recipe, PackagePart):
        return True
    if isinstance(recipe, NodePackages):
        return nodejs_parts.obstacle(recipe) is None
    if not isinstance(recipe, PythonPackages) or set(recipe.slim) & set(ACROSS_PACKAGES):
        return False
    alone = recipe.archives or recipe.wheels or recipe.sources or recipe.build_packages is not None
    return recipe.installer == "uv" and recipe.hashed and recipe.lock_kind != "pylock.toml" and not alone


def decide_packing(
    observed: Observations,
    uses: Iterable[LockUse],
    evidence: Evidence,
    current: Packing,
    ecosystem: str,
    *,
    planned: Releases,
    deployed: Releases,
    budget: int,
) -> PackingDecision | None:
    """The packing for the locks of these uses that are of one ecosystem; None where they have no packages.

    ``planned`` are the releases that the packing is for, and ``deployed`` those
    that are deployed, in the layers that the current packing makes of them: one
    for each lock where there is none.  What changes between the two is pushed
    in any case.
    """
    packed = [use for use in uses if use.lock.ecosystem == ecosystem and planned.get(use)]
    if not packed:
        return None
    unsized: set[str] = set()
    sets = tuple(_set(use, planned[use], evidence, unsized) for use in packed)
    there = tuple(_set(use, deployed[use], evidence, set()) for use in packed if deployed.get(use))
    changes = _changes({_name(use): observed.locks[use] for use in packed}, observed.weights)
    choice = choose_packing(
        Fleet(sets=sets, changes=tuple(changes), deployments=sum(observed.weights)),
        budget=budget,
        current=current.of(ecosystem),
        deployed=there,
        together=current.together_of(ecosystem),
    )
    return PackingDecision(ecosystem=ecosystem, choice=choice, unsized=tuple(sorted(unsized)))


def with_decisions(packing: Packing, decisions: Iterable[PackingDecision], day: datetime.date) -> Packing:
    """The packing after the decisions, with the day where any of them changes it."""
    adopted = {decision.ecosystem: decision.choice.groups for decision in decisions if decision.choice.adopted}
    return replace(packing, groups={**packing.groups, **adopted}, decided=day) if adopted else packing


@dataclass(frozen=True, slots=True)
class Unsized:
    """A package of which nobody has a size: what takes it of its lock, and the recipe of the step."""

    use: LockUse
    name: str
    release: Release
    recipe: PythonPackages | PinnedPackages | NodePackages


def unsized(images: Iterable[Image], planned: Releases, evidence: Evidence) -> Iterator[Unsized]:
    """Each package of a divisible lock of which neither that nor the evidence has a size."""
    seen: set[LockUse] = set()
    for image in images:
        for stage in image.kept.plan.stages:
            use, recipe = use_of(stage, image), stage.recipe
            if use not in planned or use in seen or not _divisible(recipe):
                continue
            if not isinstance(recipe, (PythonPackages, PinnedPackages, NodePackages)):
                continue
            assert use is not None
            seen.add(use)
            known = evidence.packages.get(use.lock.ecosystem, {})
            for name, release in planned[use].items():
                if release.size_bytes is None and (name not in known or known[name].size_bytes is None):
                    yield Unsized(use, name, release, recipe)


def with_sizes(evidence: Evidence, sizes: Mapping[str, int], ecosystem: str) -> Evidence:
    """The evidence with the sizes of packages of an ecosystem of which it knew none."""
    known = dict(evidence.packages.get(ecosystem, {}))
    for name, size in sizes.items():
        known[name] = replace(known.get(name, PackageEvidence()), size_bytes=size)
    return replace(evidence, packages={**evidence.packages, ecosystem: known})


def _name(use: LockUse) -> str:
    return " ".join([use.runtime, use.architecture, use.lock.path, use.lock.package or "", *use.lock.groups])


def _set(use: LockUse, releases: Mapping[str, Release], evidence: Evidence, unsized: set[str]) -> PackageSet:
    known = evidence.packages.get(use.lock.ecosystem, {})
    sizes: dict[str, int] = {}
    for package, release in releases.items():
        size = release.size_bytes
        if size is None and package in known:
            size = known[package].size_bytes
        if size is None:
            unsized.add(package)
            size = ASSUMED_BYTES[use.lock.ecosystem]
        sizes[package] = size
    return PackageSet(name=_name(use), packages=sizes, versions={package: release.version for package, release in releases.items()})


def _changes(pasts: Mapping[str, LockPast], weights: Sequence[float]) -> Iterable[Change]:
    """What each deployment changed; locks that it changed in one way count as one change."""
    there = {name: set(past.releases) for name, past in pasts.items()}
    for position, each in enumerate(weights):
        alike: dict[ReleaseChange, set[str]] = defaultdict(set)
        for name, past in pasts.items():
            change = past.changes[position]
            if change is None or not change:
                continue
            there[name] = (there[name] - change.added) | change.removed
            alike[change].add(name)
        before = set().union(*there.values()) if alike else set()
        yield from _of_deployment(alike, before, each)


def _of_deployment(alike: Mapping[ReleaseChange, set[str]], before: set[str], weight: float) -> Iterable[Change]:
    """The changes of one deployment, as one: it counts once, however many locks it changed."""
    packages = frozenset(name for change in alike for name in change.changed | change.removed)
    added = frozenset(name for change in alike for name in change.added) - before
    if packages or added:
        yield Change(packages=packages, weight=weight, added=added, sets=frozenset(name for names in alike.values() for name in names))


def group_evidence(packing: Packing, observed: Observations, old: Evidence) -> dict[str, StepEvidence]:
    """How often each group of several packages changes in any of the locks, by its identity; nothing of those with too little history."""
    found = {}
    for ecosystem in ECOSYSTEMS:
        pasts = PackagePasts(observed, ecosystem)
        for group in (group for group in packing.of(ecosystem) if len(group) > 1):
            flags = pasts.flags(group)
            if sum(flag is not None for flag in flags) >= MINIMUM:
                name = group_identity(group, ecosystem)
                changes = remembered(flagged(flags, observed.weights), old.step(name).changes)
                stability = stability_of(changes, old.step(name).stability or _DEFAULTS[ecosystem])
                found[name] = StepEvidence(changes=changes, stability=stability)
    return found


def groups_of(packing: Packing, evidence: Evidence) -> dict[str, StepEvidence]:
    """What the evidence says of the groups of a packing."""
    names = [group_identity(group, ecosystem) for ecosystem in ECOSYSTEMS for group in packing.of(ecosystem)]
    return {name: evidence.steps[name] for name in names if name in evidence.steps}
