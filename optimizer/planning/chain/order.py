"""From what is known of the steps of a chain to its order, and what orders of it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from optimizer.model.chain import ChainOrder, Joint, Link, Method
from optimizer.planning.chain.changes import Changes, beside, independent, recorded, smoothed
from optimizer.planning.chain.problem import Problem, closed
from optimizer.planning.chain.solve import solve
from optimizer.planning.order import Item, stable_first

SECONDS = 20.0
"""Assumed time of a step without ``seconds``."""

SIZE_BYTES = 20_000_000
"""Assumed size of a step without ``size``."""

BYTES_PER_SECOND = 20_000_000
"""Assumed rate at which layers are compressed and pushed, which makes seconds of bytes."""

HORIZON = 50.0
"""Deployments over which a change of the order has to pay."""

# Costs that differ by less are the same: what is left of rounding.
_SAME = 1e-9


def link(name: str, probability: float, seconds: float | None, size_bytes: int | None, after: Sequence[str] = ()) -> Link:
    """A step with the defaults for what is not known of it."""
    assumed = [field for field, value in (("seconds", seconds), ("size", size_bytes)) if value is None]
    return Link(
        name=name,
        probability=probability,
        seconds=SECONDS if seconds is None else seconds,
        size_bytes=SIZE_BYTES if size_bytes is None else size_bytes,
        after=tuple(sorted(after)),
        assumed=tuple(assumed),
    )


def cheapest_order(links: Sequence[Link], joint: Joint | None = None, dependents: Sequence[Link] = ()) -> ChainOrder:
    """The order of least expected cost, each step after those that it names; where cost does not decide, the earlier link comes first.

    The links stand in an order that their ``after`` allows.  ``joint`` is what past deployments changed of them together.
    ``dependents`` are those of :class:`ChainOrder`.
    """
    problem = _problem(links, joint, dependents)
    solution = solve(problem)
    return ChainOrder(
        method=solution.method,
        links=tuple(links[step] for step in solution.order if step < len(links)),
        cost=solution.cost,
        lower_bound=solution.lower_bound,
        apart=problem.apart(),
        joint=joint,
        dependents=tuple(dependents),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChange:
    """What it means to leave a kept order for a cheaper one.

    ``gain`` is what the cheaper one saves, in expected seconds per deployment;
    ``once`` what changing to it costs, in seconds: all from the first step
    that differs is made and pushed again.
    """

    gain: float
    once: float

    @property
    def break_even(self) -> float | None:
        """The deployments after which the change has paid for itself; None where it never does."""
        return self.once / self.gain if self.gain > 0 else None

    @property
    def pays(self) -> bool:
        """Whether it saves more over the horizon than it costs."""
        return self.gain * HORIZON > self.once


def change_of(kept: Sequence[str], best: ChainOrder) -> OrderChange | None:
    """What it means to change from an order of the same steps to the best one; None where their ``after`` forbids the kept one, or they are others."""
    links = _in_order(kept, best.links)
    if links is None:
        return None
    first = next((place for place, pair in enumerate(zip(links, best.links, strict=True)) if pair[0] != pair[1]), len(links))
    moved = links[first:]
    names = {each.name for each in moved}
    moved += tuple(each for each in best.dependents if not names.isdisjoint(each.after))
    once = sum(each.seconds + each.size_bytes / BYTES_PER_SECOND for each in moved)
    return OrderChange(gain=_cost(links, best) - best.cost, once=once)


def order_with_memory(best: ChainOrder, kept: Sequence[str]) -> ChainOrder:
    """The kept order of the same steps where a change to the best one does not pay; the best one else."""
    change = change_of(kept, best)
    if change is None or change.pays:
        return best
    links = _in_order(kept, best.links)
    assert links is not None
    # An order that costs the same is as good a proof of the least cost.
    method = Method.KEPT if change.gain > _SAME * best.cost else best.method
    return replace(best, method=method, links=links, cost=_cost(links, best))


def _in_order(names: Sequence[str], links: Sequence[Link]) -> tuple[Link, ...] | None:
    """The links in the order of these names; None where they are not the same, or one would stand before what it comes after."""
    by_name = {each.name: each for each in links}
    if {*names} != {*by_name} or len(names) != len(by_name):
        return None
    done: set[str] = set()
    for name in names:
        if not done.issuperset(by_name[name].after):
            return None
        done.add(name)
    return tuple(by_name[name] for name in names)


def _cost(links: Sequence[Link], order: ChainOrder) -> float:
    return expected(links, order.joint, order.dependents).cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What one deployment is expected to cost: ``seconds`` to make steps, ``size_bytes`` to push, and ``cost``, seconds for both."""

    seconds: float
    size_bytes: float

    @property
    def cost(self) -> float:
        return self.seconds + self.size_bytes / BYTES_PER_SECOND


def expected(links: Sequence[Link], joint: Joint | None = None, dependents: Sequence[Link] = ()) -> Expected:
    """What a deployment is expected to cost with the steps in this order, and of the dependents what the chain costs there."""
    changes = _changes(links, joint)
    made = {each.name: changes((2 << number) - 1) for number, each in enumerate(links)}
    # The later a step of the chain, the likelier it is made again.
    shares = [(each, made[each.name]) for each in links]
    shares += [(each, (1 - each.probability) * max(made[name] for name in each.after)) for each in dependents]
    return Expected(
        seconds=sum(each.seconds * share for each, share in shares), size_bytes=sum(each.size_bytes * share for each, share in shares)
    )


def as_declared(links: Sequence[Link], declared: Sequence[str]) -> tuple[Link, ...]:
    """The links in the order of declaration, except where ``after`` forbids it; ``declared`` names all of them."""
    place = {name: (position,) for position, name in enumerate(declared)}
    by_name = {each.name: each for each in links}
    items = [Item(name=each.name, key=place[each.name], after=frozenset(each.after)) for each in links]
    return tuple(by_name[name] for name in stable_first(items))


def _problem(links: Sequence[Link], joint: Joint | None, dependents: Sequence[Link]) -> Problem:
    # A dependent is a step that changes nothing, so that the best place for it is right behind what it comes after; it costs
    # what the chain costs there.
    steps = [*links, *(replace(each, probability=0.0) for each in dependents)]
    shares = [*(1.0 for _ in links), *(1 - each.probability for each in dependents)]
    number = {each.name: position for position, each in enumerate(steps)}
    direct = [sum(1 << number[name] for name in each.after) for each in steps]
    costs = tuple((each.seconds + each.size_bytes / BYTES_PER_SECOND) * share for each, share in zip(steps, shares, strict=True))
    if joint is None:
        return Problem.of_independent(costs, closed(direct), [each.probability for each in steps])
    return Problem(costs, closed(direct), _changes(steps, joint))


def _changes(links: Sequence[Link], joint: Joint | None) -> Changes:
    if joint is None:
        return independent([each.probability for each in links])
    names = [each.name for each in links]
    together = sum(1 << position for position, name in enumerate(names) if name in joint.names)
    # A share more than all is what rounding makes of all.
    rest = max(0.0, 1.0 - sum(share for _, share in joint.shares))
    past = recorded({frozenset[str](): rest, **{frozenset(changed): share for changed, share in joint.shares}}, names)
    others = [0.0 if each.name in joint.names else each.probability for each in links]
    return beside(smoothed(past, joint.deployments, together), independent(others))
