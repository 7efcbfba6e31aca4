"""Orders of chains in plans: what size and seconds of steps decide, and what is shown of it."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from optimizer import ImageSpec, SystemPackages
from optimizer.cli.main import optimizer
from optimizer.model.chain import ChainOrder, Method
from optimizer.model.plan import BuildPlan
from optimizer.model.stability import Stability
from optimizer.planning.chain.order import as_declared, cheapest_order, expected, link
from optimizer.report.order import order_as_text, order_to_dict
from tests.test_golden import GOLDEN, plan_of
from tests.test_properties import plan_of as planned

CASE = "ordered-chain"
ROOT = Path(__file__).parents[3]


def packages(name: str, stability: str | None = None, **fields: object) -> SystemPackages:
    return SystemPackages(["jq"], name=name, stability=stability, **fields)  # type: ignore[arg-type]


def chain(*steps: SystemPackages) -> tuple[str, ...]:
    return tuple(stage.name for stage in planned(ImageSpec(runtime="python3.13", steps=list(steps))).stages)


def order_of(plan: BuildPlan) -> ChainOrder:
    assert plan.order is not None
    return plan.order


def test_without_size_and_seconds_the_most_stable_step_comes_first() -> None:
    """Requirement: "existing golden outputs change only where the theory says so": equal costs are ordered by stability alone."""
    steps = [packages(f"a-{stability.value}", stability.value) for stability in reversed(Stability)]
    assert chain(*steps) == tuple(f"a-{stability.value}" for stability in Stability)


def test_equal_steps_stand_by_name() -> None:
    assert chain(packages("c"), packages("a"), packages("b")) == ("a", "b", "c")


@pytest.mark.parametrize("field, value", [("seconds", 900), ("size", 18_000_000_000)])
def test_a_dear_step_comes_before_a_more_stable_one(field: str, value: int) -> None:
    """Requirement: "`size`, `seconds` now have an effect"."""
    assert chain(packages("stable", "monthly"), packages("volatile", "weekly")) == ("stable", "volatile")
    assert chain(packages("stable", "monthly"), packages("volatile", "weekly", **{field: value})) == ("volatile", "stable")


def test_the_plan_says_how_it_was_ordered() -> None:
    order = order_of(plan_of(CASE))
    assert [each.name for each in order.links] == ["fonts", "repository", "office", "tools"]
    assert order.method is Method.SERIES_PARALLEL
    assert order.cost == order.lower_bound == pytest.approx(expected(order.links).cost)
    assert order.gap == 0
    assert [each.assumed for each in order.links] == [("seconds", "size"), (), (), ()]


def test_a_chain_of_one_step_has_no_order() -> None:
    assert planned(ImageSpec(runtime="python3.13", steps=[packages("only")])).order is None


def test_the_order_of_declaration_does_not_matter() -> None:
    steps = [packages("a", seconds=3), packages("b", after=["a"], size=10**9), packages("c", "daily"), packages("d", "yearly", after=["c"])]
    plans = [planned(ImageSpec(runtime="python3.13", steps=list(row))) for row in itertools.permutations(steps)]
    assert all(plan == plans[0] for plan in plans)


class TestReport:
    LINKS = (
        link("tools", 0.2, 4.0, 1_000_000),
        link("repository", 0.05, 2.0, 100_000),
        link("office", 0.015, 240.0, 600_000_000, ["repository"]),
    )

    def test_the_declared_order_keeps_what_must_come_first(self) -> None:
        assert [each.name for each in as_declared(self.LINKS, ["office", "tools", "repository"])] == ["tools", "repository", "office"]

    def test_the_gain_is_the_difference_of_the_costs(self) -> None:
        data = order_to_dict(cheapest_order(self.LINKS), ["tools", "repository", "office"])
        assert data["declared"]["steps"] == ["tools", "repository", "office"]
        assert data["chosen"]["steps"] == ["repository", "office", "tools"]
        assert data["gain"] == pytest.approx(data["declared"]["cost"] - data["chosen"]["cost"], abs=1e-5)
        assert data["gain"] > 0

    def test_an_order_that_is_not_proved_says_so(self) -> None:
        order = ChainOrder(method=Method.BOUNDED, links=self.LINKS, cost=20.0, lower_bound=19.0, apart=18.0)
        assert "bounded search, no order saves more than 5.0%" in order_as_text(order, ["tools", "repository", "office"], 80)
        assert order_to_dict(order, ["tools", "repository", "office"])["gap"] == 0.05

    def test_the_text_fits_a_terminal(self) -> None:
        links = [link(f"{index}-of-the-packages-that-it-takes", 0.05, 123_456.5, 123_456_789_000) for index in range(8)]
        text = order_as_text(cheapest_order(links), [each.name for each in reversed(links)], 80)
        assert max(map(len, text.splitlines())) <= 80


class TestCommand:
    OPTIONS = ("plan", str(GOLDEN / CASE / "spec.toml"), "--root", str(GOLDEN / CASE / "project"), "--lock", str(GOLDEN / "optimizer.lock"))

    def test_shows_method_costs_and_gain(self) -> None:
        """Requirement: "method, expected seconds per deployment, declared and chosen order with the gain"."""
        result = CliRunner().invoke(optimizer, self.OPTIONS)
        assert result.exit_code == 0, result.stderr
        shown, _, _ = result.stdout[result.stdout.index("order in one stage") :].partition("stages of their own")
        assert shown == (GOLDEN / CASE / "order.txt").read_text(encoding="utf-8")
        assert f"```\n{shown}```\n" in (ROOT / "docs" / "ordering.md").read_text(encoding="utf-8")

    def test_a_plan_in_json_has_the_same_and_is_read_again(self, tmp_path: Path) -> None:
        from optimizer import load_plan

        result = CliRunner().invoke(optimizer, [*self.OPTIONS, "--format", "json"])
        data = json.loads(result.stdout)
        assert data["ordering"]["method"] == "series-parallel"
        assert data["ordering"]["declared"]["steps"] == ["tools", "repository", "office", "fonts"]
        (tmp_path / "plan.json").write_text(result.stdout, encoding="utf-8")
        assert load_plan(tmp_path / "plan.json") == plan_of(CASE)
