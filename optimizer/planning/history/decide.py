"""From what deployments did to the evidence that the lock keeps, with memory: what is about the same stays as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from optimizer.model.chain import ChainOrder, Link
from optimizer.model.evidence import Evidence, PackageEvidence, StepEvidence, Together
from optimizer.model.figures import Source
from optimizer.model.history import History
from optimizer.model.packing import ECOSYSTEMS
from optimizer.model.plan import BuildPlan, Stage
from optimizer.planning.chain.order import OrderChange, change_of, cheapest_order, link, order_with_memory
from optimizer.planning.dependents import dependents_of
from optimizer.planning.evidence import identity, joint_of, past_identity
from optimizer.planning.history.observe import Observations
from optimizer.planning.history.packages import PackagePasts
from optimizer.planning.history.rates import MINIMUM, flagged, remembered, significant, stability_of, total
from optimizer.planning.history.subjects import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What it took to make a layer, and what that weighs as it is stored; None where it was not made."""

    size_bytes: int
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDecision:
    """What became of the order of a chain.

    ``before`` is the order as it was planned until now, and ``after`` the one
    that is kept; ``best`` is the cheapest by the new evidence, and ``change`` what it
    means to go from the old one to that; None where the old one is no longer allowed.
    """

    before: tuple[str, ...]
    after: ChainOrder
    best: ChainOrder
    change: OrderChange | None

    @property
    def adopted(self) -> bool:
        """Whether the order is another than before."""
        return self.before != tuple(each.name for each in self.after.links)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """The evidence to keep, the orders of chains that it decides, by their images, and the stages with too little history for an estimate."""

    evidence: Evidence
    orders: Mapping[str, OrderDecision] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


def decide(
    observed: Observations,
    history: History | None,
    images: Sequence[Image],
    measured: Mapping[str, Measurement],
    old: Evidence,
) -> Decisions:
    """The evidence for the images; ``measured`` are layers by the keys of their stages.

    Without a history, what the old evidence says of the past stays.
    """
    stages = {name(stage): stage for image in images for stage in image.kept.plan.stages for name in (identity, past_identity)}
    layers = _by_stage(images, measured)
    chained = _chained(images, observed)
    together = Evidence(together=tuple(_together(chained, observed))).together
    # What changed together is remembered as a whole, so that it fits to how often each of the steps did.
    moved = not _about_the_same(together, old.together)
    steps = {
        name: _step(name, stage, observed, old.step(name), fresh=moved and name in chained, measured=layers.get(name, ()))
        for name, stage in sorted(stages.items())
    }
    if history is None:
        steps = {name: replace(known, changes=old.step(name).changes, stability=old.step(name).stability) for name, known in steps.items()}
        past = old
    else:
        past = Evidence(
            date=history.day,
            commit=history.head,
            deployments=len(observed.weights),
            weight=total(observed.weights),
            packages={name: dict(_packages(name, observed, old.packages.get(name, {}))) for name in ECOSYSTEMS},
            together=together if moved else old.together,
        )
    evidence = replace(past, steps={name: known for name, known in steps.items() if known != StepEvidence()}, orders=())
    orders = {image.name: order for image in images if (order := _order(image.kept.plan, evidence)) is not None}
    plans = {image.name: image.kept.plan for image in images}
    kept = {tuple(identity(plans[name].stage(each.name)) for each in decision.after.links): None for name, decision in orders.items()}
    return Decisions(
        evidence=replace(evidence, orders=tuple(_one_of_each(kept))),
        orders=orders,
        unknown=tuple(name for name, known in steps.items() if known.changes is None and name == past_identity(stages[name])),
    )


def _one_of_each(orders: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """One order of the same steps, the first."""
    seen: set[frozenset[str]] = set()
    for order in orders:
        if frozenset(order) not in seen:
            seen.add(frozenset(order))
            yield order


def _step(
    name: str, stage: Stage, observed: Observations, old: StepEvidence, *, fresh: bool, measured: Sequence[Measurement]
) -> StepEvidence:
    sizes = [each.size_bytes for each in measured]
    seconds = [each.seconds for each in measured if each.seconds is not None]
    size = int(remembered(max(sizes), old.size_bytes)) if sizes else old.size_bytes
    took = remembered(significant(max(seconds)), old.seconds) if seconds else old.seconds
    flags = observed.steps.get(name, ())
    if sum(flag is not None for flag in flags) < MINIMUM:
        return StepEvidence(size_bytes=size, seconds=took)
    new = flagged(flags, observed.weights)
    changes = new if fresh else remembered(new, old.changes)
    return StepEvidence(changes=changes, stability=stability_of(changes, old.stability or stage.stability), size_bytes=size, seconds=took)


def _by_stage(images: Sequence[Image], measured: Mapping[str, Measurement]) -> Mapping[str, Sequence[Measurement]]:
    """What was measured of each stage, in any image that has it, by its identity."""
    found: dict[str, list[Measurement]] = {}
    for image in images if measured else ():
        for stage in image.kept.plan.stages:
            if (key := image.kept.keys[stage.name]) in measured:
                found.setdefault(identity(stage), []).append(measured[key])
    return found


def _chained(images: Sequence[Image], observed: Observations) -> frozenset[str]:
    """The stages of chains whose whole history is known: only of these it is known what changed together."""
    chains = [[identity(stage) for stage in image.kept.plan.stages if stage.in_place] for image in images]
    names = {name for chain in chains if len(chain) > 1 for name in chain}
    whole = {name for name in names if None not in (flags := observed.steps.get(name, ())) and len(flags) >= MINIMUM}
    return frozenset(whole) if len(whole) > 1 else frozenset()


def _together(names: frozenset[str], observed: Observations) -> Iterator[Together]:
    sums: Counter[tuple[str, ...]] = Counter()
    for number, each in enumerate(observed.weights):
        sums[tuple(sorted(name for name in names if observed.steps[name][number]))] += each  # type: ignore[assignment]
    every = sum(observed.weights)
    # A row of each step, also of those that never changed, says that its history is known.
    for name in names:
        sums.setdefault((name,), 0)
    for steps, part in sorted(sums.items()):
        if steps:
            yield Together(steps, significant(part / every))


def _about_the_same(new: Sequence[Together], old: Sequence[Together]) -> bool:
    """Whether the same steps changed together, about as often."""
    before, after = ({item.steps: item.share for item in items} for items in (old, new))
    return before.keys() == after.keys() and all(remembered(share, before[steps]) == before[steps] for steps, share in after.items())


def _packages(ecosystem: str, observed: Observations, old: Mapping[str, PackageEvidence]) -> Iterator[tuple[str, PackageEvidence]]:
    """What is known of the packages of today: of those that changed how often, of others what was known of their size."""
    pasts = PackagePasts(observed, ecosystem)
    for name in pasts.names:
        before = old.get(name, PackageEvidence())
        flags = pasts.flags([name])
        if any(flags) and sum(flag is not None for flag in flags) >= MINIMUM:
            yield name, replace(before, changes=remembered(flagged(flags, observed.weights), before.changes))
        elif before.size_bytes is not None:
            yield name, PackageEvidence(size_bytes=before.size_bytes)


def _order(plan: BuildPlan, evidence: Evidence) -> OrderDecision | None:
    """The order of a chain by the new evidence; the old one is that of the plan, which is what is deployed."""
    if plan.order is None:
        return None
    stages = [plan.stage(each.name) for each in plan.order.links]
    fresh = [_with_probability(stage, evidence) for stage in stages]
    links = [_link(each, stage, evidence) for each, stage in zip(plan.order.links, fresh, strict=True)]
    best = cheapest_order(links, joint_of(fresh, evidence), _dependents(plan, plan.order, evidence))
    before = tuple(each.name for each in plan.order.links)
    return OrderDecision(before=before, after=order_with_memory(best, before), best=best, change=change_of(before, best))


def _dependents(plan: BuildPlan, order: ChainOrder, evidence: Evidence) -> tuple[Link, ...]:
    old = {each.name: each for each in order.dependents}
    stages = [_with_probability(stage, evidence) for stage in plan.stages if not stage.in_place]
    return dependents_of(stages, {name: each.after for name, each in old.items()}, lambda stage: _link(old[stage.name], stage, evidence))


def _with_probability(stage: Stage, evidence: Evidence) -> Stage:
    """The stage with what the new evidence says of its changes, where nobody declared them."""
    figures, known = stage.figures, evidence.step(identity(stage))
    if figures is None or figures.probability_from is Source.DECLARED or known.changes is None:
        return stage
    return replace(stage, figures=replace(figures, probability=known.changes, probability_from=Source.EVIDENCE))


def _link(old: Link, stage: Stage, evidence: Evidence) -> Link:
    known, figures = evidence.step(identity(stage)), stage.figures
    assert figures is not None
    seconds = figures.seconds if figures.seconds_from is Source.DECLARED else known.seconds
    size = figures.size_bytes if figures.size_from is Source.DECLARED else known.size_bytes
    return link(old.name, figures.probability, seconds, size, old.after)
