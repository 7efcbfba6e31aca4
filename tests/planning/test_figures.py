"""The numbers of stages, and where each is said to come from."""

from __future__ import annotations

import json
from pathlib import Path

from optimizer import Files, ImageSpec, Lock, SourceCode, SystemPackages
from optimizer.model.figures import Figures, Source
from optimizer.planning.document import KeptPlan, plan_from_data, plan_to_data
from optimizer.planning.keys import stage_keys
from optimizer.planning.plan import plan
from optimizer.project.files import Project
from tests.test_golden import GOLDEN, plan_of

LOCK = Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))


def test_what_the_specification_says_is_declared_and_the_rest_is_the_default_of_the_kind(tmp_path: Path) -> None:
    """Requirement: "each with size, change probability and where that number comes from"."""
    (tmp_path / "fn").mkdir()
    (tmp_path / "fn" / "app.py").write_text("")
    (tmp_path / "model.bin").write_text("")
    spec = ImageSpec(
        runtime="python3.13",
        steps=[
            SystemPackages(["jq"], name="tools", size=1_000_000, seconds=4.0),
            Files("model.bin", to="/opt/", name="model", stability="monthly"),
            SourceCode("fn", name="code"),
        ],
    )
    made = plan(spec, LOCK, Project(tmp_path))
    tools, model, code = (made.stage(name).figures for name in ("tools", "model", "code"))
    assert tools == Figures(
        probability=made.stage("tools").stability.probability,
        probability_from=Source.DEFAULT,
        size_bytes=1_000_000,
        size_from=Source.DECLARED,
        seconds=4.0,
        seconds_from=Source.DECLARED,
    )
    assert model == Figures(probability=0.05, probability_from=Source.DECLARED)
    assert code == Figures(probability=0.8, probability_from=Source.DEFAULT)


def test_a_lock_that_has_sizes_gives_them() -> None:
    (stage,) = (stage for stage in plan_of("python-uv").stages if stage.download_bytes)
    assert stage.figures is not None
    assert (stage.figures.size_bytes, stage.figures.size_from) == (stage.download_bytes, Source.LOCK)


def test_a_lock_without_sizes_says_nothing_instead_of_zero() -> None:
    """`optimizer plan` showed "0 B" for the packages of a requirements file."""
    (stage,) = (stage for stage in plan_of("python-requirements").stages if stage.recipe.kind == "python-packages")
    assert stage.figures is not None and (stage.figures.size_bytes, stage.figures.size_from) == (None, None)


def test_what_a_step_takes_counts_once_however_many_stages_it_has() -> None:
    stages = plan_of("python-uv-workspace").stages
    assert max(sum(other.step == stage.step for other in stages) for stage in stages) > 1, "the case has a step of several stages"
    assert all(stage.figures is not None and stage.figures.seconds is None for stage in stages)


def test_numbers_are_kept_with_the_plan_and_change_no_key(tmp_path: Path) -> None:
    (tmp_path / "fn").mkdir()
    (tmp_path / "fn" / "app.py").write_text("")
    project = Project(tmp_path)
    plans = [
        plan(ImageSpec(runtime="python3.13", steps=[SourceCode("fn", name="code", **given)]), LOCK, project)  # type: ignore[arg-type]
        for given in ({}, {"stability": "weekly", "size": 7, "seconds": 0.5})
    ]
    keys = [stage_keys(made, project) for made in plans]
    assert keys[0] == keys[1] and plans[0] != plans[1]
    for made, known in zip(plans, keys, strict=True):
        assert plan_from_data(json.loads(json.dumps(plan_to_data(KeptPlan(plan=made, keys=known, dockerfile=""))))).plan == made


def test_requirements_have_no_sizes() -> None:
    """They were said to download nothing."""
    stages = [stage for stage in plan_of("python-requirements").stages if stage.recipe.kind == "python-packages"]
    assert stages
    assert all(stage.download_bytes is None and stage.figures is not None and stage.figures.size_bytes is None for stage in stages)
