"""What a change of some inputs makes again: the stages whose keys are others then.

No rule of its own decides that.  The keys are computed twice, of contents that
differ in the inputs that change and in nothing else, so that the answer is that
of the keys, and no file has to be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from optimizer.model.inputs import Input
from optimizer.model.plan import BuildPlan
from optimizer.planning.keys import stage_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What a change makes again in one image.

    ``read_by`` are the stages that read what changes, in the order of the plan.
    ``made`` has the stages that are made again, in that order too, each with
    what tells its new tree from others: equal ones are equal layers.
    """

    read_by: tuple[str, ...]
    made: Mapping[str, str]


def impact(plan: BuildPlan, changes: Callable[[Input], bool]) -> Impact:
    """What is made again where exactly those inputs have changed of which ``changes`` says so."""
    changed = {(item.source, item.exclude) for stage in plan.stages for item in stage.inputs() if changes(item)}
    before, after = stage_keys(plan, _Contents(frozenset())), stage_keys(plan, _Contents(frozenset(changed)))
    return Impact(
        read_by=tuple(stage.name for stage in plan.stages if any((item.source, item.exclude) in changed for item in stage.inputs())),
        made={stage.name: after[stage.name] for stage in plan.stages if before[stage.name] != after[stage.name]},
    )


@dataclass(frozen=True, slots=True)
class _Contents:
    """Contents by the names of the inputs, with others for those that have changed."""

    changed: frozenset[tuple[str, tuple[str, ...]]]

    def content(self, path: str, exclude: tuple[str, ...]) -> str:
        return repr((path, exclude, (path, exclude) in self.changed))
