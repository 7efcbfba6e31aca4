"""Orders of chains by what past deployments changed together, and orders that are kept."""

from __future__ import annotations

import datetime
import itertools
import random
from dataclasses import replace

import pytest

from optimizer import ImageSpec, SystemPackages
from optimizer.model.chain import ChainOrder, Joint, Link, Method
from optimizer.model.evidence import Evidence, StepEvidence, Together
from optimizer.model.stability import Stability
from optimizer.planning.chain.changes import recorded, smoothed
from optimizer.planning.chain.order import HORIZON, change_of, cheapest_order, expected, link, order_with_memory
from optimizer.planning.plan import plan
from tests.test_properties import LOCK, EverythingIsThere

NAMES = "abcde"


def links_of(chance: random.Random, count: int) -> list[Link]:
    return [
        link(
            name,
            chance.choice([0.01, 0.2, 0.5, chance.random()]),
            chance.choice([0.0, 5.0, 100 * chance.random()]),
            chance.choice([0, 10**8, None]),
            [other for other in NAMES[:index] if chance.random() < 0.2],
        )
        for index, name in enumerate(NAMES[:count])
    ]


def joint_of(chance: random.Random, count: int) -> Joint:
    names = tuple(sorted(chance.sample(NAMES[:count], chance.randint(2, count))))
    past = [tuple(name for name in names if chance.random() < 0.4) for _ in range(6)]
    shares: dict[tuple[str, ...], float] = {}
    for changed in filter(None, past):
        shares[changed] = shares.get(changed, 0.0) + 1 / 6
    return Joint(deployments=6.0 * chance.choice([1, 10]), names=names, shares=tuple(sorted(shares.items())))


def allowed(order: tuple[Link, ...]) -> bool:
    return all(set(each.after) <= {before.name for before in order[:position]} for position, each in enumerate(order))


@pytest.mark.parametrize("seed", range(150))
def test_what_changes_together_counts_together_and_no_order_is_cheaper(seed: int) -> None:
    """Requirement: "correlated joint history by `recorded`"; "equality with brute force on random instances"."""
    chance = random.Random(seed)
    count = chance.randint(2, 5)
    links, joint = links_of(chance, count), joint_of(chance, count)
    best = cheapest_order(links, joint)
    least = min(expected(order, joint).cost for order in itertools.permutations(links) if allowed(order))
    assert best.cost == pytest.approx(expected(best.links, joint).cost)
    assert best.cost == pytest.approx(least)
    assert best.method.exact and allowed(best.links)


def test_steps_that_change_together_stand_together() -> None:
    """The example of the theory: five deployments changed {a, b}, {c}, {b}, {c} and {a, b}."""
    shares = ((("a", "b"), 0.4), (("b",), 0.2), (("c",), 0.4))
    links = [link("a", 0.4, 20.0, 0), link("b", 0.6, 60.0, 0), link("c", 0.4, 30.0, 0)]
    joint = Joint(deployments=1e9, names=("a", "b", "c"), shares=shares)
    assert [each.name for each in cheapest_order(links, joint).links] == ["a", "b", "c"]
    assert cheapest_order(links, joint).cost == pytest.approx(74.0)
    assert [each.name for each in cheapest_order(links).links] == ["c", "b", "a"]


def test_a_probability_is_smoothed() -> None:
    """Requirement: "smoothing (k+1/2)/(n+1)"."""
    past = smoothed(recorded({frozenset("a"): 3.0, frozenset(): 7.0}, "ab"), 10.0, 0b11)
    assert past(0b01) == pytest.approx(3.5 / 11)
    assert past(0b10) == pytest.approx(0.5 / 11)
    assert past(0) == 0.0
    assert max(past(0b01), past(0b10)) < past(0b11) < past(0b01) + past(0b10)


@pytest.mark.parametrize("seed", range(150))
def test_an_order_changes_only_where_that_pays(seed: int) -> None:
    """Requirement: "an order changes only when the expected gain over the horizon exceeds the cost of the change itself"."""
    chance = random.Random(seed)
    links = links_of(chance, chance.randint(2, 5))
    joint = joint_of(chance, len(links)) if chance.random() < 0.5 else None
    best = cheapest_order(links, joint)
    kept = [each.name for each in chance.sample(links, len(links))]
    chosen = order_with_memory(best, kept)
    change = change_of(kept, best)
    if change is None:
        assert chosen is best
        return
    names = [each.name for each in chosen.links]
    assert change.gain >= -1e-9
    assert names == (kept if change.gain * HORIZON <= change.once else [each.name for each in best.links])
    assert chosen.cost == pytest.approx(expected(chosen.links, joint).cost)
    assert allowed(chosen.links) and chosen.lower_bound == best.lower_bound
    assert chosen.method is (Method.KEPT if chosen.cost > best.cost * (1 + 1e-9) else best.method)


def test_what_leaving_an_order_costs() -> None:
    """From the first step that differs, all is made and pushed again."""
    links = [link("a", 0.1, 10.0, 0), link("b", 0.2, 20.0, 20_000_000), link("c", 0.5, 30.0, 0)]
    best = cheapest_order(links)
    assert [each.name for each in best.links] == ["a", "b", "c"]
    change = change_of(["a", "c", "b"], best)
    assert change is not None
    assert change.once == pytest.approx(20 + 1 + 30)
    assert change.gain == pytest.approx((0.55 * 30 + 0.64 * 21) - (0.28 * 21 + 0.64 * 30))
    assert change.break_even == pytest.approx(change.once / change.gain)
    assert change.pays
    same = change_of(["a", "b", "c"], best)
    assert same is not None and (same.once, same.gain, same.break_even, same.pays) == (0, 0, None, False)
    assert change_of(["a", "b"], best) is None
    assert change_of(["a", "b", "b"], best) is None


class TestPlans:
    """Requirement: "what the user writes wins, then evidence, then kind's default", "keep the decided order in the lock"."""

    DAY = datetime.date(2026, 11, 28)

    def order(self, evidence: Evidence, **declared: object) -> ChainOrder:
        steps = [SystemPackages(["jq"], name="a", seconds=10.0, size=0), SystemPackages(["jq"], name="b", seconds=10.0, size=0, **declared)]  # type: ignore[arg-type]
        order = plan(ImageSpec(runtime="python3.13", steps=steps), replace(LOCK, evidence=evidence), EverythingIsThere()).order
        assert order is not None
        return order

    def evidence(self, a: float, b: float, *orders: tuple[str, ...]) -> Evidence:
        steps = {f"system-packages {name}": StepEvidence(changes=p, stability=Stability.MONTHLY) for name, p in (("a", a), ("b", b))}
        return Evidence(
            date=self.DAY,
            weight=100.0,
            steps=steps,
            orders=tuple(tuple(f"system-packages {name}" for name in order) for order in orders),
            together=tuple(Together((name,), min(1.0, (p * 101 - 0.5) / 100)) for name, p in zip(steps, (a, b), strict=True)),
        )

    def names(self, order: ChainOrder) -> str:
        return "".join(each.name for each in order.links)

    def test_evidence_orders_a_chain(self) -> None:
        assert self.names(self.order(self.evidence(0.3, 0.1))) == "ba"
        assert self.names(self.order(self.evidence(0.1, 0.3))) == "ab"
        joint = self.order(self.evidence(0.1, 0.3)).joint
        assert joint is not None and joint.names == ("a", "b")

    def test_the_decided_order_stays_where_a_change_does_not_pay(self) -> None:
        kept = self.order(self.evidence(0.11, 0.1, ("a", "b")))
        assert (self.names(kept), kept.method) == ("ab", Method.KEPT)
        assert kept.gap > 0
        assert self.names(self.order(self.evidence(0.9, 0.1, ("a", "b")))) == "ba"

    def test_an_order_of_other_steps_is_no_decision(self) -> None:
        evidence = self.evidence(0.3, 0.1, ("a", "b", "c"))
        assert self.order(evidence).method is Method.IDEALS

    def test_what_is_declared_wins(self) -> None:
        """A step with a stability is none of those that changed together."""
        order = self.order(self.evidence(0.1, 0.01), stability="daily")
        assert (self.names(order), order.joint) == ("ab", None)

    def test_a_plan_with_a_past_is_kept_and_read_back(self) -> None:
        from optimizer.model.codec import from_data, to_data

        order = self.order(self.evidence(0.1, 0.3, ("b", "a")))
        assert from_data(ChainOrder, to_data(order, {}), {}) == order
