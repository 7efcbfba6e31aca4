"""What the evidence of the lock says of stages."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence

from optimizer.model.chain import Joint
from optimizer.model.evidence import Evidence, PackageEvidence, StepEvidence
from optimizer.model.figures import Source
from optimizer.model.packing import ECOSYSTEMS, Packing
from optimizer.model.plan import LockedBy, Stage
from optimizer.model.recipes.commands import Commands
from optimizer.model.recipes.recipe import PackagePart

_NAMED, _DIGITS = 4, 8
_PLACES = 6
_GROUP = " group "


def identity(stage: Stage) -> str:
    """The kind of a stage's recipe, and the paths that it reads.

    Neither the place of a step among others nor its function matters, so that
    functions which read the same have one row.  Of a lock, it is what the
    stage takes of it, and a part of a lock is known by its packages.  What
    reads nothing of the project, and commands, of which several may read the
    same, are known by the name of their step too.
    """
    if isinstance(stage.recipe, PackagePart):
        return " ".join([stage.recipe.kind, *_part(stage.recipe.names)])
    if stage.locked_by is not None:
        return _of_lock(stage.recipe.kind, stage.locked_by)
    paths = sorted({item.source for item in stage.inputs()})
    named = not paths or isinstance(stage.recipe, Commands)
    return " ".join([stage.recipe.kind, *([stage.step] if named and stage.step != stage.recipe.kind else []), *paths])


def past_identity(stage: Stage) -> str:
    """What the past of a stage is kept under: for a part of a lock, the whole of it, so that a packing loses nothing that is known."""
    if isinstance(stage.recipe, PackagePart) and stage.locked_by is not None:
        return _of_lock(stage.recipe.whole, stage.locked_by)
    return identity(stage)


def _of_lock(kind: str, lock: LockedBy) -> str:
    return " ".join([kind, lock.path, *([lock.package] if lock.package else []), *(f"+{group}" for group in lock.groups)])


def _part(names: Sequence[str]) -> Sequence[str]:
    if len(names) <= _NAMED:
        return names
    digest = hashlib.sha256(" ".join(names).encode()).hexdigest()[:_DIGITS]
    return [*names[:_NAMED], f"and {len(names) - _NAMED} more ({digest})"]


def group_identity(group: Sequence[str], ecosystem: str) -> str:
    """What a group of packages of the packing is known by: it is one group in all images, of which each may have another part."""
    return f"{ecosystem}{_GROUP}{group[0]}"


def is_group(identity: str) -> bool:
    """Whether an identity is that of a group of packages."""
    return identity.startswith(tuple(f"{ecosystem}{_GROUP}" for ecosystem in ECOSYSTEMS))


def part_evidence(stage: Stage, evidence: Evidence, packing: Packing) -> StepEvidence:
    """What is known of a part of a lock by its packages; nothing of another stage.

    Its probability is that of its group, where the evidence has that: its
    packages may change together.  Else it is that of a change of any of them, as if
    each changed alone; where history saw none change, it is what one
    package is taken to change nevertheless.  Its size is known where that of
    each is.
    """
    if not isinstance(stage.recipe, PackagePart):
        return StepEvidence()
    names, ecosystem = stage.recipe.names, stage.recipe.ecosystem
    known = [evidence.packages.get(ecosystem, {}).get(name, PackageEvidence()) for name in names]
    group = next((group for group in packing.of(ecosystem) if names and names[0] in group), None)
    changes = evidence.step(group_identity(group, ecosystem)).changes if group else None
    if changes is None:
        changes = round(1.0 - math.prod(1.0 - (each.changes or 0.0) for each in known), _PLACES)
    if not changes and evidence.deployments:
        changes = round(0.5 / (evidence.weight + 1.0), _PLACES)
    sizes = [each.size_bytes for each in known if each.size_bytes is not None]
    return StepEvidence(changes=changes or None, size_bytes=sum(sizes) if len(sizes) == len(known) else None)


def joint_of(stages: Iterable[Stage], evidence: Evidence) -> Joint | None:
    """What past deployments changed of stages together, of those of which nobody says anything else; None for fewer than two of these."""
    known = {name for item in evidence.together for name in item.steps}
    names = {
        identity(stage): stage.name
        for stage in stages
        if stage.figures is not None and stage.figures.probability_from is Source.EVIDENCE and identity(stage) in known
    }
    if len(names) < 2:
        return None
    shares: dict[tuple[str, ...], float] = {}
    for item in evidence.together:
        changed = tuple(sorted(names[step] for step in item.steps if step in names))
        if changed:
            shares[changed] = shares.get(changed, 0.0) + item.share
    return Joint(deployments=evidence.weight, names=tuple(sorted(names.values())), shares=tuple(sorted(shares.items())))


def decided_order(stages: Iterable[Stage], evidence: Evidence) -> tuple[str, ...] | None:
    """The names of stages of a chain in the order that was decided for them; None where none was."""
    names = {identity(stage): stage.name for stage in stages}
    order = evidence.order_of(frozenset(names))
    return tuple(names[step] for step in order) if order is not None else None
