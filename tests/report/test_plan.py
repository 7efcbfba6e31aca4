"""The tables of ``optimizer plan`` for terminals of several widths."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from optimizer.model.figures import Figures, Source
from optimizer.planning.document import KeptPlan
from optimizer.planning.explanation import ExplainedStage, explain, fleet_layers
from optimizer.planning.keys import stage_keys
from optimizer.project.files import Project
from optimizer.report.plan.functions import functions_as_text, ranges_text
from optimizer.report.plan.image import plan_as_text, stages_to_dict
from optimizer.report.plan.rows import FunctionRow, functions_to_dict
from tests.test_golden import CASES, GOLDEN, plan_of

WIDTHS = (80, 160)


def explained(case: str, **sizes: int) -> tuple[ExplainedStage, ...]:
    made = plan_of(case)
    keys = stage_keys(made, Project(GOLDEN / case / "project"))
    return explain(KeptPlan(plan=made, keys=keys, dockerfile=""), sizes)


def fleet(size: int) -> list[FunctionRow]:
    """Functions of which each has a layer of its own, every third one more that they share, and all one."""
    stage, *_ = explained("python-requirements")
    rows = []
    for number in range(size):
        keys = {"all": "a" * 64, **({"some": "b" * 64} if number % 3 == 0 else {}), "own": f"{number:03d}" + "c" * 61}
        layers = tuple(replace(stage, key=key, stage=replace(stage.stage, name=f"{name}-of-the-function")) for name, key in keys.items())
        rows.append(
            FunctionRow(
                path=f"Production/ShopOfTheFuture/Orders/Function{number}",
                handler="app.handler",
                architecture="x86_64",
                image=f"{number:064x}",
                repository="lambda-images",
                registry="",
                base="public.ecr.aws/lambda/python:3.13@sha256:" + "0" * 64,
                stages=tuple(keys),
                explained=layers,
            )
        )
    return rows


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("size", [1, 9, 10, 45, 123])
def test_functions_fit_the_terminal(size: int, width: int) -> None:
    """Requirement: "as a table that fits 80 columns (and uses 160 when it has them), readable without colour"."""
    lines = functions_as_text(fleet(size), width).splitlines()
    assert max(map(len, lines)) <= width
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_plan_fits_the_terminal(case: str, width: int) -> None:
    head, base, *lines = plan_as_text("image.toml", plan_of(case), explained(case), width).splitlines()
    assert base.startswith("base: ") and head
    assert all(len(line) <= width or " " not in line.strip() for line in lines)


@pytest.mark.parametrize(("size", "width"), [(7, 80), (123, 80), (123, 160)])
def test_the_matrix_says_of_each_function_what_its_layers_say(size: int, width: int) -> None:
    """Requirement: "a matrix of layers × functions"."""
    rows = fleet(size)
    read: dict[str, str] = {}
    blocks = functions_as_text(rows, width).split("\n\n")[1:-2]
    left_out = max(0, size - 20)
    if left_out:
        assert blocks.pop() == f"and {left_out} more layers of one function each; --format json lists all"
    for block in blocks:
        lines = block.splitlines()
        start = next(line for line in lines if line.startswith("layer")).index("changes") + len("changes  ")
        body = lines[next(index for index, line in enumerate(lines) if line.startswith("layer")) + 1 :]
        numbers = [int("".join(digits)) for digits in zip(*(line[start:] for line in lines[: len(lines) - len(body)]), strict=True)]
        for line in body:
            name = line.split("-of-the-function")[0]
            for number, mark in zip(numbers, line[start:], strict=True):
                if mark == "x":
                    read.setdefault(name, "")
                    read[name] += f"{number} "
    assert read["all"].split() == [str(number) for number in range(1, size + 1)]
    assert read["some"].split() == [str(number) for number in range(1, size + 1, 3)]
    assert sorted(map(int, read["own"].split())) == list(range(1, size - left_out + 1))


def test_a_layer_of_several_functions_is_stored_once() -> None:
    layers = fleet_layers([row.explained for row in fleet(6)])
    assert [(layer.names[0].split("-")[0], layer.functions) for layer in layers[:2]] == [("all", (0, 1, 2, 3, 4, 5)), ("some", (0, 3))]
    assert [layer.functions for layer in layers[2:]] == [(number,) for number in range(6)]
    data = functions_to_dict(fleet(6))
    assert [(item["sharedLayers"], item["ownLayers"]) for item in data["functions"]] == [(2, 1), (1, 1), (1, 1), (2, 1), (1, 1), (1, 1)]


def test_what_is_not_known_is_counted_instead_of_guessed() -> None:
    stages = explained("python-requirements")
    found = stages_to_dict(stages)
    assert found["expected"]["sizesUnknown"] == sum(item["layer"] and item["sizeBytes"] is None for item in found["stages"]) > 0
    assert found["expected"]["timesUnknown"] == len(stages)
    text = plan_as_text("api", plan_of("python-requirements"), stages, 200)
    assert " s to make stages" not in text, "a sum of nothing known is no zero"
    assert f"{len(stages)} times" in text


def test_a_stage_is_made_again_when_something_that_it_is_made_of_is() -> None:
    """Each stage of a chain stands on the one before it: one that seldom changes is made as often as what lies below."""
    by_name = {each.stage.name: each for each in explained("ordered-chain")}
    chain = [by_name[name] for name in plan_of("ordered-chain").above_base if by_name[name].stage.in_place]
    assert len(chain) > 2
    survival = 1.0
    for each in chain:
        survival *= 1 - each.figures.probability
        assert each.made == pytest.approx(1 - survival)


def test_the_day_of_evidence_is_told() -> None:
    stage, *others = explained("python-requirements")
    figures = Figures(
        probability=0.031,
        probability_from=Source.EVIDENCE,
        size_bytes=2_000_000,
        size_from=Source.EVIDENCE,
        seconds=3.0,
        seconds_from=Source.EVIDENCE,
        evidence_date="2026-11-20",
    )
    text = plan_as_text("image.toml", plan_of("python-requirements"), [replace(stage, figures=figures, made=0.031), *others], 80)
    assert "2.0 MB evidence" in text and "0.031 evidence" in text and "  evidence of 2026-11-20" in text.splitlines()


def test_neighbours_are_ranges() -> None:
    assert ranges_text([1, 2, 3, 7, 9, 10]) == "1-3, 7, 9-10"


def test_files_of_the_project_give_their_size(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("12345")
    (tmp_path / "code" / "left.out").write_text("1234567")
    assert Project(tmp_path).size_bytes("code", ("*.out",)) == 5
