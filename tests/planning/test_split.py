"""What stages of their own save."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings

from optimizer import Files, ImageSpec, PythonDependencies, SourceCode, SystemPackages
from optimizer.cli.main import optimizer
from optimizer.model.plan import BuildPlan
from optimizer.model.steps import Step
from optimizer.planning.document import KeptPlan, plan_from_data
from optimizer.planning.explanation import explain
from optimizer.planning.split import Split, split_of
from tests.test_golden import GOLDEN
from tests.test_properties import plan_of, step_lists


def split(made: BuildPlan) -> Split | None:
    keys = {stage.name: stage.name for stage in made.stages}
    return split_of(made, explain(KeptPlan(plan=made, keys=keys, dockerfile=""), {}))


def of(*steps: Step) -> Split:
    found = split(plan_of(ImageSpec(runtime="python3.13", steps=list(steps))))
    assert found is not None
    return found


def test_the_price_of_ordering_is_what_it_saves() -> None:
    found = of(
        SourceCode("os", name="os", stability="yearly", seconds=90, size=0),
        SourceCode("code", name="code", stability="daily", seconds=5, size=0),
    )
    assert [each.name for each in found.together.links] == ["os", "code"]
    assert found.together.cost == pytest.approx(90 * 0.004 + 5 * (1 - 0.996 * 0.2))
    assert found.apart == pytest.approx(90 * 0.004 + 5 * 0.8)
    assert {each.name: each.saves for each in found.stages} == pytest.approx({"os": 0.0, "code": 5 * (0.2 - 0.996 * 0.2)})


def test_steps_in_place_have_no_choice() -> None:
    tools = SystemPackages(["jq"], name="tools", seconds=10, size=0, stability="monthly")
    found = of(tools, SourceCode("src", name="code", seconds=5, size=0))
    assert [each.name for each in found.stages] == ["code"]
    assert found.saves == pytest.approx(5 * (1 - 0.95 * 0.2) - 5 * 0.8)


def test_what_is_made_of_another_stage_saves_nothing_of_that() -> None:
    tools = SystemPackages(["jq"], name="tools", seconds=10, size=0, stability="monthly")
    found = of(tools, PythonDependencies("requirements.txt", name="packages", after=["tools"], installer="pip", seconds=5, size=0))
    assert found.saves == pytest.approx(0)


def test_the_chain_is_in_an_order_that_suits_what_stands_on_it() -> None:
    """It was that of the chain alone, so that one stage for all would have cost less."""
    first, last = SystemPackages(["b"], name="b"), SystemPackages(["a"], name="a")
    found = of(first, SourceCode("src", name="c", stability="never", after=["b"]), last)
    assert found.saves == pytest.approx(0)
    assert {each.name: each.saves for each in found.stages} == pytest.approx({"c": 0})


@pytest.mark.parametrize("steps", [[], [SourceCode("src")], [SystemPackages(["jq"], name="a"), SystemPackages(["jq"], name="b")]])
def test_nothing_is_said_where_nothing_stands_alone(steps: list[Step]) -> None:
    assert split(plan_of(ImageSpec(runtime="python3.13", steps=steps))) is None


@settings(max_examples=50)
@given(step_lists())
def test_stages_of_their_own_never_cost_more(steps: list[Step]) -> None:
    """Requirement: "says what each split saves": a saving is never negative, and those of stages add up where nothing is in place."""
    found = split(plan_of(ImageSpec(runtime="python3.13", steps=steps)))
    if found is None:
        return
    assert found.saves >= -1e-9
    if not any(isinstance(step, SystemPackages) for step in steps):
        assert sum(each.saves for each in found.stages) == pytest.approx(found.saves, abs=1e-9)
        assert all(each.saves >= -1e-9 for each in found.stages)


def test_a_plan_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("optimizer.lock").write_bytes((GOLDEN / "optimizer.lock").read_bytes())
    Path("model.bin").write_text("m")
    Path("app.py").write_text("")
    spec = ImageSpec(
        runtime="python3.13",
        steps=[SourceCode("app.py", name="code", seconds=2), Files("model.bin", to="/opt/", name="model", size=20_000_000)],
    )
    steps = [{key: value for key, value in step.items()} for step in spec.to_dict()["steps"]]
    lines = ['runtime = "python3.13"']
    for step in steps:
        lines += ["[[steps]]", *(f"{key} = {json.dumps(value)}" for key, value in step.items())]
    Path("app.image.toml").write_text("\n".join(lines))
    text = CliRunner().invoke(optimizer, ["plan", "app.image.toml"]).stdout
    assert "stages of their own: " in text and " s per deployment; in one stage " in text
    data = json.loads(CliRunner().invoke(optimizer, ["plan", "app.image.toml", "--format", "json"]).stdout)
    assert data["splitting"]["saves"] == pytest.approx(data["splitting"]["together"] - data["splitting"]["apart"], abs=2e-6)
    assert {*data["splitting"]["stages"]} == {"code", "model"}
    assert plan_from_data(data).plan.layers == ("model", "code")
