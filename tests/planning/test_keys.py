"""Keys of stages: what changes the bytes of a tree changes its key, and nothing else does."""

from __future__ import annotations

import dataclasses
import hashlib
import typing
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer import BuildSecret, Command, Files, ImageSpec, Lock, PythonDependencies, SourceCode, SystemPackages
from optimizer.model.inputs import Input
from optimizer.model.plan import BuildPlan, OnTarget, Stage
from optimizer.model.recipes import KINDS
from optimizer.model.recipes.commands import Commands
from optimizer.model.recipes.recipe import PackageSet, Tool
from optimizer.model.reference import ImageReference
from optimizer.model.stability import Stability
from optimizer.model.steps import Step
from optimizer.planning.keys import stage_keys
from optimizer.planning.plan import plan
from optimizer.project.files import Project
from tests.test_golden import CASES, GOLDEN, plan_of

LOCK = Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))
OTHER = "sha256:" + "7" * 64


class Contents:
    """Contents that are told apart by the names of their files, but for those that are given."""

    def __init__(self, **known: str) -> None:
        self.known = known

    def content(self, path: str, exclude: tuple[str, ...]) -> str:
        return self.known.get(path) or hashlib.sha256(repr((path, exclude)).encode()).hexdigest()


def one_of_each_kind() -> dict[str, tuple[BuildPlan, Stage]]:
    """For each kind of recipe a golden plan and a stage of that kind."""
    found: dict[str, tuple[BuildPlan, Stage]] = {}
    for case in CASES:
        made = plan_of(case)
        for stage in made.stages:
            found.setdefault(stage.recipe.kind, (made, stage))
    return found


STAGES = one_of_each_kind()


def key(made: BuildPlan, name: str, contents: Contents | None = None) -> str:
    return stage_keys(made, contents or Contents())[name]


def with_stage(made: BuildPlan, stage: Stage) -> BuildPlan:
    return replace(made, stages=tuple(stage if other.name == stage.name else other for other in made.stages))


def changed_values(declared: Any, value: Any) -> Iterator[Any]:
    """Other values of a field of a recipe, each in one respect."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, str):
        yield f"{value}x"
    elif isinstance(value, ImageReference):
        yield value.with_digest(OTHER)
    elif isinstance(value, Input):
        yield replace(value, target=f"{value.target.rstrip('/')}x/")
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        hints = typing.get_type_hints(type(value))
        for field in dataclasses.fields(value):
            if isinstance(value, BuildSecret) and field.name not in ("to_env", "to_file"):
                continue
            for other in changed_values(hints[field.name], getattr(value, field.name)):
                yield replace(value, **{field.name: other})
    elif isinstance(value, tuple):
        arguments = typing.get_args(declared)
        yield from ((*value[:index], *value[index + 1 :]) for index in range(len(value)) if arguments[-1] is Ellipsis)
        for index, item in enumerate(value):
            element = arguments[0] if arguments[-1] is Ellipsis else arguments[index]
            yield from ((*value[:index], other, *value[index + 1 :]) for other in changed_values(element, item))
        if not value:
            yield from ((item,) for item in SAMPLES.get(arguments[0], ()))
    elif value is None:
        for option in typing.get_args(declared):
            yield from SAMPLES.get(option, ())


SAMPLES: dict[Any, tuple[Any, ...]] = {
    str: ("x",),
    Input: (Input(source="new.txt", target="/new.txt", directory=False),),
    BuildSecret: (BuildSecret("new", from_env="NEW", to_env="NEW"),),
    Tool: (Tool(name="new", version="1"),),
    PackageSet: (PackageSet(manager="dnf", names=("new",)),),
}


def test_the_golden_plans_hold_each_kind() -> None:
    assert sorted(STAGES) == sorted(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_value_of_a_recipe_changes_its_key(kind: str) -> None:
    """Requirement: "what changes the bytes changes the key"."""
    made, stage = STAGES[kind]
    before = key(made, stage.name)
    hints = typing.get_type_hints(type(stage.recipe))
    tried = 0
    for field in dataclasses.fields(stage.recipe):
        for value in changed_values(hints[field.name], getattr(stage.recipe, field.name)):
            changed = with_stage(made, replace(stage, recipe=replace(stage.recipe, **{field.name: value})))
            # What decides no byte must not make a layer again.
            assert (key(changed, stage.name) == before) is bool(field.metadata.get("no_byte")), f"{field.name} = {value!r}"
            tried += 1
    assert tried > 3


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_content_of_each_input_changes_the_key(kind: str) -> None:
    made, stage = STAGES[kind]
    before = key(made, stage.name)
    for item in stage.inputs():
        assert key(made, stage.name, Contents(**{item.source: "0" * 64})) != before, item.source


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_image_decides_where_a_container_of_it_makes_the_tree(kind: str) -> None:
    """Requirement: "the base's digest only where a container of the base makes the tree"."""
    made, stage = STAGES[kind]
    keys = {key(with_stage(made, replace(stage, origin=made.base.with_digest(digest))), stage.name) for digest in (made.base.digest, OTHER)}
    assert len(keys) == (2 if stage.recipe.needs_container else 1)


def test_files_and_code_without_byte_code_outlive_a_patched_base(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_text("m", encoding="utf-8")
    one, two = (keys(tmp_path, [Files("model.bin", to="/opt/")], base=f"example.com/base:1@sha256:{digit * 64}") for digit in "12")
    assert one == two


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_changes_no_byte_changes_no_key(kind: str) -> None:
    """Requirement: "an unrelated change does not"."""
    made, stage = STAGES[kind]
    before = key(made, stage.name)
    same = [
        replace(stage, title="Another title"),
        replace(stage, step="another-step"),
        replace(stage, stability=Stability.NEVER if stage.stability is not Stability.NEVER else Stability.ALWAYS),
    ]
    if stage.on_target is not None:
        same.append(replace(stage, on_target=OnTarget("another reason")))
    if isinstance(stage.origin, ImageReference):
        same.append(replace(stage, origin=replace(stage.origin, registry="mirror.example.com", repository="a/b", tag=None)))
    assert {key(with_stage(made, other), stage.name) for other in same} == {before}
    unrelated = replace(made, labels=(("owner", "team"),), environment=(("A", "1"),), warnings=("w",), layers=made.layers[::-1])
    assert key(unrelated, stage.name) == before


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_revision_of_a_recipe_is_in_its_key(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made, stage = STAGES[kind]
    before = key(made, stage.name)
    monkeypatch.setattr(type(stage.recipe), "revision", 999)
    assert key(made, stage.name) != before


def test_the_platform_decides_only_where_the_stage_must_run_on_it() -> None:
    made, stage = STAGES["go-program"]
    free, bound = (with_stage(made, replace(stage, on_target=reason)) for reason in (None, OnTarget("it compiles")))
    arm, intel = ("arm64", "x86_64") if made.architecture == "x86_64" else ("x86_64", "arm64")
    assert key(replace(free, architecture=arm), stage.name) == key(replace(free, architecture=intel), stage.name)
    assert key(replace(bound, architecture=arm), stage.name) != key(replace(bound, architecture=intel), stage.name)


def test_what_is_taken_of_another_image_is_that_of_the_platform() -> None:
    """A builder takes the target's manifest of an index, whatever the stage stands on; tests/engine/test_cross.py shows it."""
    made, stage = STAGES["image-tree"]
    assert stage.on_target is None
    assert key(replace(made, architecture="arm64"), stage.name) != key(replace(made, architecture="x86_64"), stage.name)


def keys(root: Path, steps: list[Step], **known: Any) -> dict[str, str]:
    project = Project(root)
    return stage_keys(plan(ImageSpec(runtime="python3.13", steps=steps, **known), LOCK, project), project)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "requirements.txt").write_text("six==1.17.0\n", encoding="utf-8")
        (tmp_path / name / "app.py").write_text("", encoding="utf-8")
    return tmp_path


def test_the_place_of_files_in_the_project_and_the_names_of_steps_are_no_difference(project: Path) -> None:
    one, two = (
        keys(project, [PythonDependencies(f"{name}/requirements.txt", name=f"{name}-packages"), SourceCode(name, name=f"{name}-code")])
        for name in ("one", "two")
    )
    assert sorted(one.values()) == sorted(two.values())


def test_a_mode_is_a_difference(project: Path) -> None:
    before = keys(project, [SourceCode("one")])
    (project / "one" / "app.py").chmod(0o755)
    assert keys(project, [SourceCode("one")]) != before


def test_the_source_of_a_secret_is_no_difference_and_its_target_is(project: Path) -> None:
    def made(secret: BuildSecret) -> dict[str, str]:
        return keys(project, [PythonDependencies("one/requirements.txt", secrets=[secret])])

    first = made(BuildSecret("pypi", from_env="A", to_env="UV_DEFAULT_INDEX"))
    assert made(BuildSecret("other", from_file="b", to_env="UV_DEFAULT_INDEX")) == first
    assert made(BuildSecret("pypi", from_env="A", to_env="UV_INDEX")) != first


def test_a_stage_follows_the_trees_and_the_system_below_it(project: Path) -> None:
    def made(package: str, code: str) -> dict[str, str]:
        (project / "one" / "app.py").write_text(code, encoding="utf-8")
        steps = [
            SystemPackages([package], name="system"),
            SourceCode("one", name="code"),
            Command([["true"]], name="made", after=["code"]),
            Command([["true"]], name="apart"),
            Command([["true"]], name="above", after=["system"]),
        ]
        return keys(project, steps)

    before, edited, other = made("libpq", "1"), made("libpq", "2"), made("git", "1")
    assert {name for name in before if before[name] != edited[name]} == {"code", "made"}
    assert {name for name in before if before[name] != other[name]} == {"system", "above"}


def test_a_field_that_is_new_and_has_its_default_changes_no_key() -> None:
    """Or every release that can do more would build every layer again."""

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Newer(Commands):
        quiet: bool = False

    made, stage = STAGES["commands"]
    values = {field.name: getattr(stage.recipe, field.name) for field in dataclasses.fields(stage.recipe)}
    before = key(made, stage.name)
    assert key(with_stage(made, replace(stage, recipe=Newer(**values))), stage.name) == before
    assert key(with_stage(made, replace(stage, recipe=Newer(**values, quiet=True))), stage.name) != before
