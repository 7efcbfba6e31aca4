"""Plans as data: they come back as they were, and what is not a plan is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer import render
from optimizer.errors import PlanError
from optimizer.planning.document import KeptPlan, _digest, plan_from_data, plan_to_data, text_digest
from tests.test_golden import CASES, plan_of


def kept(case: str) -> KeptPlan:
    made = plan_of(case)
    return KeptPlan(
        plan=made, keys={stage.name: f"{number:064}" for number, stage in enumerate(made.stages)}, dockerfile=text_digest(render(made))
    )


@pytest.mark.parametrize("case", CASES)
def test_a_plan_comes_back_and_renders_the_same_bytes(case: str) -> None:
    """Requirement: "reads it in a fresh process and renders, gives the same bytes"."""
    before = kept(case)
    again = plan_from_data(json.loads(json.dumps(plan_to_data(before))))
    assert again == before
    assert render(again.plan) == render(before.plan)


@pytest.mark.parametrize("case", CASES)
def test_each_stage_says_what_it_is_and_has_its_key(case: str) -> None:
    """Requirement: "prints, for each stage, the recipe with its inputs, tool and version, and the key"."""
    for stage in plan_to_data(kept(case))["stages"]:
        assert len(stage["key"]) == 64 and stage["recipe"]["kind"]


def test_tools_and_inputs_are_in_the_recipe() -> None:
    (stage,) = (item for item in plan_to_data(kept("python-uv"))["stages"] if item["recipe"]["kind"] == "python-packages")
    assert [item["source"] for item in stage["recipe"]["reads"]] == ["functions/api/pyproject.toml", "functions/api/uv.lock"]
    assert [(tool["name"], bool(tool["version"])) for tool in stage["recipe"]["tools"]] == [("uv", True)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.pop("version"), "the plan has no version, and this version of the tool reads version 2"),
        (lambda data: data.update(version=3), "the plan has version 3, and this version of the tool reads version 2"),
        (lambda data: data.pop("stages"), "the plan is damaged: there is no list of stages"),
        (lambda data: data["stages"][0].pop("key"), "the plan is damaged: the stage has no name or no key"),
        (lambda data: data["stages"][0]["recipe"].update(kind="spell"), "the plan is damaged: the kind 'spell' is unknown"),
        (lambda data: data["stages"][0]["recipe"].update(magic=True), "the plan is damaged: the field 'magic' is unknown"),
        (lambda data: data["stages"][0]["recipe"].pop("files"), "the plan is damaged: the field is missing"),
        (lambda data: data["stages"][0]["recipe"]["files"].update(directory="yes"), "the plan is damaged: 'yes' is not a boolean"),
        (lambda data: data["stages"][0].update(stability="hourly"), "the plan is damaged: 'hourly' is not one of never, "),
        (lambda data: data.update(base={"image": "python"}), 'the plan is damaged: "python" is not an image reference'),
        (lambda data: data.update(layers="code"), "the plan is damaged: 'code' is not a list"),
    ],
)
def test_a_document_that_is_no_plan_is_refused_with_the_place(change: Any, message: str) -> None:
    data = json.loads(json.dumps(plan_to_data(kept("odd-names"))))
    change(data)
    data["digest"] = _digest({name: value for name, value in data.items() if name != "digest"})
    with pytest.raises(PlanError) as caught:
        plan_from_data(data, "asset.plan.json")
    (fault,) = caught.value.faults
    assert fault.message.startswith(message)
    assert fault.place.startswith("asset.plan.json") and fault.hint


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in places(item, (*path, key)))]


@given(data=st.data())
@settings(max_examples=150)
def test_no_damage_gives_a_traceback(data: st.DataObject) -> None:
    document = json.loads(json.dumps(plan_to_data(kept(data.draw(st.sampled_from(CASES))))))
    *above, last = data.draw(st.sampled_from(places(document)[1:]))
    parent = document
    for key in above:
        parent = parent[key]
    before = parent[last]
    parent[last] = data.draw(st.sampled_from([None, True, 7, "x", [], {}, ["x"], {"kind": "commands"}]))
    if parent[last] == before:
        return
    with pytest.raises(PlanError) as caught:
        plan_from_data(document)
    assert caught.value.faults[0].hint
    document["digest"] = _digest({name: value for name, value in document.items() if name != "digest"})
    try:
        plan_from_data(document)
    except PlanError as error:
        assert error.faults[0].hint


def test_an_edited_plan_is_refused_whatever_the_edit_is() -> None:
    """Types alone let through a layer that no stage has; rendering it ended in a traceback."""
    data = plan_to_data(kept("odd-names"))
    with pytest.raises(PlanError, match="the plan was changed after it was written"):
        plan_from_data({**data, "layers": ["nowhere"]})
