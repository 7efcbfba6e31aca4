"""What it saves that steps stand in stages of their own: against one stage for all of them, in the cheapest order that this allows.

A step in a stage of its own is made again when it changes, or what it is made
of; in one chain also when anything before it does.  Steps that change the
system in place have no choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.model.chain import ChainOrder, Link
from optimizer.model.plan import BuildPlan
from optimizer.planning.chain.order import cheapest_order, expected, link
from optimizer.planning.explanation import ExplainedStage
from optimizer.planning.keys import made_of


@dataclass(frozen=True, slots=True)
class SplitStage:
    """A stage of its own, and what that saves of it, in seconds per deployment, those of pushing its layer included."""

    name: str
    saves: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """What is expected per deployment, in seconds, those of pushing layers included.

    ``together`` is the cheapest order of all steps in one stage; ``apart`` is what
    the steps cost as they are planned.  ``stages`` are those that stand alone, in the order of the plan.
    """

    together: ChainOrder
    apart: float
    stages: tuple[SplitStage, ...]

    @property
    def saves(self) -> float:
        """What all of it saves."""
        return self.together.cost - self.apart


def split_of(plan: BuildPlan, explained: Sequence[ExplainedStage]) -> Split | None:
    """What the stages save by standing alone; None where none of them does, or there is but one.

    Where no size and no time is known, those of :mod:`optimizer.planning.chain.order` are assumed.
    """
    by_name = {each.stage.name: each for each in explained}
    links = [_link(by_name[stage.name], plan) for stage in plan.stages]
    alone = [stage.name for stage in plan.stages if not stage.in_place]
    if len(links) < 2 or not alone:
        return None
    together = cheapest_order(links)
    costs = {each.name: _cost(each) for each in links}
    before: dict[str, float] = {}
    for position, each in enumerate(together.links):
        before[each.name] = expected(together.links[: position + 1]).cost - expected(together.links[:position]).cost
    return Split(
        together=together,
        apart=sum(costs[name] * by_name[name].made for name in costs),
        stages=tuple(SplitStage(name, before[name] - costs[name] * by_name[name].made) for name in alone),
    )


def _link(each: ExplainedStage, plan: BuildPlan) -> Link:
    stage, figures = each.stage, each.figures
    # Packing files takes no time beside all else, and what is no layer is not pushed.
    seconds = 0.0 if figures.seconds is None and stage.archive_alone else figures.seconds
    size = figures.size_bytes if each.is_layer else 0
    return link(stage.name, figures.probability, seconds, size, _after(each, plan))


def _after(each: ExplainedStage, plan: BuildPlan) -> Sequence[str]:
    if not each.stage.in_place:
        return made_of(each.stage)
    # The stage below one in place is there by the order of the chain, and not needed by it.
    return next((found.after for found in plan.order.links if found.name == each.stage.name), ()) if plan.order else ()


def _cost(each: Link) -> float:
    """What it takes to make and push a step once."""
    return expected([Link(name=each.name, probability=1.0, seconds=each.seconds, size_bytes=each.size_bytes)]).cost
