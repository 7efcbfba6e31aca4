"""What stands on a chain is counted where the chain is ordered."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer import Command, ImageSpec, PythonDependencies, SourceCode, SystemPackages
from optimizer.model.chain import Joint, Link
from optimizer.planning.chain.order import change_of, cheapest_order, expected, link, order_with_memory
from tests.test_properties import plan_of as planned

RARE, OFTEN = "quarterly", "weekly"


def chain(*steps: object) -> tuple[list[str], dict[str, tuple[float, tuple[str, ...]]]]:
    """The chain of a plan, and what stands on it: how often each changes for itself, and what it needs."""
    made = planned(ImageSpec(runtime="python3.13", steps=list(steps)))  # type: ignore[arg-type]
    assert made.order is not None
    return [each.name for each in made.order.links], {each.name: (each.probability, each.after) for each in made.order.dependents}


def test_what_much_stands_on_comes_first() -> None:
    """It was ordered as if nothing stood on it, and a stage that needs "tools" alone was made again with "fonts" too."""
    fonts, tools = (SystemPackages([name], name=name, stability=RARE, seconds=10, size=0) for name in ("fonts", "tools"))
    assert chain(fonts, tools)[0] == ["fonts", "tools"]
    packages = PythonDependencies(
        "requirements.txt", name="packages", after=["tools"], installer="pip", seconds=60, size=0, stability=OFTEN
    )
    order, standing = chain(fonts, tools, packages)
    assert order == ["tools", "fonts"]
    assert standing == {"packages": (pytest.approx(0.2), ("tools",))}


def test_what_stands_on_such_a_stage_is_counted_too() -> None:
    """A command that is made of a tree is made again with it."""
    tools = [SystemPackages([name], name=name, stability=RARE, seconds=1, size=0) for name in ("fonts", "tools")]
    packages = PythonDependencies("requirements.txt", name="packages", after=["tools"], installer="pip", seconds=1, size=0, stability=OFTEN)
    index = Command([["index"]], name="index", after=["packages"], seconds=500, size=0, stability=OFTEN)
    order, standing = chain(*tools, packages, index)
    assert order == ["tools", "fonts"]
    assert standing["index"] == (pytest.approx(1 - 0.8 * 0.8), ("tools",))


def test_what_needs_nothing_of_the_chain_is_not_counted() -> None:
    tools = [SystemPackages([name], name=name) for name in ("fonts", "tools")]
    packed = SourceCode("src", name="code", after=["tools"])
    other = Command([["true"]], name="other", image=f"public.ecr.aws/docker/library/rust:1@sha256:{'1' * 64}", after=["tools"])
    made = planned(ImageSpec(runtime="python3.13", bytecode=False, steps=[*tools, packed, other]))
    assert made.order is not None and made.order.dependents == ()


FEW = st.integers(1, 5)


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Link], Joint | None, list[Link]]:
    count = draw(FEW)
    names = [f"s{number}" for number in range(count)]
    chances = st.sampled_from([0.0, 0.004, 0.05, 0.2, 0.8, 1.0])
    costs = st.sampled_from([0.0, 1.0, 5.0, 90.0])
    links = [
        link(name, draw(chances), draw(costs), 0, draw(st.lists(st.sampled_from(names[:place]), unique=True, max_size=2)) if place else [])
        for place, name in enumerate(names)
    ]
    dependents = [
        link(f"d{number}", draw(chances), draw(costs), 0, draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True)))
        for number in range(draw(st.integers(1, 3)))
    ]
    joint = None
    if count > 1 and draw(st.booleans()):
        sets = draw(
            st.lists(
                st.lists(st.sampled_from(names), min_size=1, unique=True).map(lambda found: tuple(sorted(found))), max_size=4, unique=True
            )
        )
        joint = Joint(deployments=20.0, names=tuple(names), shares=tuple((each, 1 / (len(sets) + 1)) for each in sorted(sets)))
    return links, joint, dependents


@given(problems())
@settings(max_examples=300)
def test_no_order_costs_less(problem: tuple[list[Link], Joint | None, list[Link]]) -> None:
    """Requirement: "equality with brute force", with what stands on the chain counted."""
    links, joint, dependents = problem
    best = cheapest_order(links, joint, dependents)
    orders = [
        order
        for order in itertools.permutations(links)
        if all({*each.after} <= {before.name for before in order[:place]} for place, each in enumerate(order))
    ]
    least = min(expected(order, joint, dependents).cost for order in orders)
    assert best.cost == pytest.approx(least, abs=1e-9)
    assert expected(best.links, joint, dependents).cost == pytest.approx(best.cost, abs=1e-9)
    assert best.lower_bound <= best.cost + 1e-9 and best.apart <= best.cost + 1e-9
    assert [each.name for each in best.dependents] == [each.name for each in dependents]


def test_a_change_makes_what_stands_on_it_again() -> None:
    """Requirement: "an order or packing changes only when the expected gain over the horizon exceeds the cost of the change itself"."""
    links = [link(name, 0.05, 1.0, 0) for name in ("a", "b", "c")]
    above = [link("on-c", 0.0, 40.0, 0, ["c"]), link("on-a", 0.0, 7.0, 0, ["a"])]
    best = cheapest_order(links, dependents=above)
    assert [each.name for each in best.links] == ["c", "a", "b"]
    change = change_of(["a", "b", "c"], best)
    assert change is not None
    assert change.once == pytest.approx(3 + 40 + 7)
    behind = change_of(["c", "b", "a"], best)
    assert behind is not None and behind.once == pytest.approx(2 + 7)
    stays = order_with_memory(best, ["c", "b", "a"])
    assert stays.cost == pytest.approx(expected(stays.links, dependents=above).cost)
