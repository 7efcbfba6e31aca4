"""Which layers of an image are parts of one lock: no two of them may hold one path, as no installation has a path twice."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.model.plan import BuildPlan, Stage
from optimizer.model.recipes.python import PinnedPackages


def is_part(stage: Stage) -> bool:
    """Whether a stage is, or could be, one of several parts of a lock."""
    return isinstance(stage.recipe, PinnedPackages)


def parts_of(plan: BuildPlan) -> Mapping[str, tuple[Stage, ...]]:
    """The parts of each lock, by the name of its step, in the order of the layers."""
    found: dict[str, list[Stage]] = {}
    for stage in plan.stages:
        if is_part(stage):
            found.setdefault(stage.step, []).append(stage)
    return {step: tuple(parts) for step, parts in found.items()}


def divided(plan: BuildPlan) -> Mapping[str, tuple[Stage, ...]]:
    """The parts of each lock that has two or more."""
    return {step: parts for step, parts in parts_of(plan).items() if len(parts) > 1}


def may_lack(part: Stage) -> bool:
    """Whether the lock of a part may lack what its packages need: people write requirements files, and other locks name everything."""
    return part.locked_by is not None and part.locked_by.path.endswith(".txt")
