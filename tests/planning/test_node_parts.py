"""A lock of Node.js packages is divided as the packing says, where what a place holds is its package's alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer import Command, ImageSpec, Lock, NodeDependencies, plan
from optimizer.model.evidence import Evidence, PackageEvidence
from optimizer.model.figures import Source
from optimizer.model.packing import Packing
from optimizer.model.plan import BuildPlan
from optimizer.model.recipes.nodejs import NodePart
from optimizer.planning.evidence import identity, past_identity
from optimizer.planning.keys import stage_keys
from optimizer.project.files import Project
from tests.test_golden import GOLDEN

LOCK = Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))


def package(place: str, version: str = "1.0.0", **more: Any) -> dict[str, Any]:
    return {"version": version, "integrity": f"sha512-{place}-{version}", **more}


PACKAGES: dict[str, dict[str, Any]] = {
    "node_modules/a": package("a", dependencies={"b": "1"}),
    "node_modules/a/node_modules/b": package("b"),
    "node_modules/b": package("b", "2.0.0", bin={"bee": "cli.js"}),
    "node_modules/c": package("c", bin="cli.js"),
    "node_modules/@acme/d": package("d"),
}


def made(
    root: Path,
    packages: Mapping[str, Mapping[str, Any]] = PACKAGES,
    groups: Sequence[Sequence[str]] = (("a",), ("@acme/d", "c")),
    *,
    together: tuple[tuple[str, ...], ...] = (),
    evidence: Evidence = Evidence(),
    files: Mapping[str, str] = {},
    **known: Any,
) -> BuildPlan:
    """The plan of one step with a lock of these packages, all of which the project needs."""
    manifest = {"name": "shop", "version": "1.0.0", "dependencies": {path.rpartition("node_modules/")[2]: "*" for path in packages}}
    lock = {"name": "shop", "lockfileVersion": 3, "requires": True, "packages": {"": manifest, **packages}}
    texts = {"package.json": json.dumps(manifest), "package-lock.json": json.dumps(lock), **files}
    for name, text in texts.items():
        (root / name).write_text(text, encoding="utf-8")
    pins = replace(LOCK, packing=Packing(groups={"nodejs": tuple(map(tuple, groups))}, together=together), evidence=evidence)
    step = NodeDependencies("package-lock.json", name="packages", **known)
    return plan(ImageSpec(runtime="nodejs22.x", steps=[step]), pins, root=root)


def places(found: BuildPlan) -> dict[str, list[str]]:
    recipes = {name: found.stage(name).recipe for name in found.layers}
    return {name: [place for place, _ in recipe.packages] for name, recipe in recipes.items() if isinstance(recipe, NodePart)}


def keys(found: BuildPlan, root: Path) -> dict[str, str]:
    return stage_keys(found, Project(root))


def test_each_group_has_a_layer_with_all_places_of_its_packages(tmp_path: Path) -> None:
    found = made(tmp_path, groups=[["a", "other"], ["c", "@acme/d"], ["unknown"]])
    assert places(found) == {
        "packages-acme-d": ["node_modules/@acme/d", "node_modules/c"],
        "packages-a": ["node_modules/a"],
        "packages": ["node_modules/a/node_modules/b", "node_modules/b"],
    }
    assert found.warnings == ()
    rest = found.stage("packages").recipe
    assert isinstance(rest, NodePart)
    assert rest.links == (
        ("node_modules/.bin/bee", "node_modules/b/cli.js"),
        ("node_modules/.bin/c", "node_modules/c/cli.js"),
    )


def test_packages_that_stay_together_are_in_one_layer(tmp_path: Path) -> None:
    found = made(tmp_path, together=(("a", "b"),))
    assert places(found)["packages-a"] == ["node_modules/a", "node_modules/a/node_modules/b", "node_modules/b"]


def test_without_a_packing_nothing_is_divided(tmp_path: Path) -> None:
    whole = made(tmp_path, groups=[])
    assert [(stage.name, stage.recipe.kind) for stage in whole.stages] == [("packages", "node-packages")]


def test_all_packages_may_have_groups(tmp_path: Path) -> None:
    found = made(tmp_path, groups=[["a", "b", "c", "@acme/d"]])
    assert places(found)["packages"] == []


@pytest.mark.parametrize(
    ("place", "parts"),
    [
        ("node_modules/a", {"packages-a"}),
        ("node_modules/c", {"packages-acme-d"}),
        ("node_modules/a/node_modules/b", {"packages"}),
        ("node_modules/b", {"packages"}),
    ],
)
def test_a_new_release_changes_the_key_of_its_part_alone(place: str, parts: set[str], tmp_path: Path) -> None:
    """Requirement: "bumping another package leaves the part's key and diff_id the same"."""
    before = keys(made(tmp_path), tmp_path)
    name = place.rpartition("node_modules/")[2]
    after = keys(made(tmp_path, {**PACKAGES, place: {**PACKAGES[place], **package(name, "9.0.0")}}), tmp_path)
    assert {name for name in before if before[name] != after[name]} == {*parts, "packages--installed"}


def test_locks_that_differ_have_equal_parts_in_common(tmp_path: Path) -> None:
    """Requirement: "functions with different locks have equal parts in common"."""
    one, two = tmp_path / "one", tmp_path / "two"
    for root in (one, two):
        root.mkdir()
    first = keys(made(one), one)
    second = keys(made(two, {"node_modules/c": PACKAGES["node_modules/c"], "node_modules/@acme/d": PACKAGES["node_modules/@acme/d"]}), two)
    assert first["packages-acme-d"] == second["packages-acme-d"]
    assert first["packages"] != second["packages"]


def test_a_program_of_another_part_is_in_the_key_of_the_rest(tmp_path: Path) -> None:
    before = keys(made(tmp_path), tmp_path)
    moved = {**PACKAGES, "node_modules/c": {**PACKAGES["node_modules/c"], **package("c", "9.0.0", bin={"sea": "cli.js"})}}
    after = keys(made(tmp_path, moved), tmp_path)
    assert {name for name in before if before[name] != after[name]} == {"packages", "packages-acme-d", "packages--installed"}


WHOLE = "package-lock.json stays one layer, although the packing of optimizer.lock divides such locks: "


@pytest.mark.parametrize(
    ("packages", "known", "why"),
    [
        (
            {"node_modules/e": package("e", hasInstallScript=True)},
            {},
            "install scripts run, of e, which may change other packages; scripts=False leaves them out",
        ),
        ({}, {"build_packages": ["gcc"], "scripts": False}, "its build packages (gcc) are for packages that are built from source"),
        ({}, {"slim": ["tests"]}, 'what slim leaves out by "tests" depends on several packages'),
        ({"node_modules/e": {"version": "1.0.0"}}, {}, "e has no integrity in it"),
        (
            {"node_modules/e": package("e", optional=True, engines={"node": ">=22.5"})},
            {},
            "the optional package e is for Node.js >=22.5, of which the runtime has a part",
        ),
        ({"node_modules/e": package("e", optional=True, engines={"npm": ">=11.2"})}, {}, "the optional package e is for npm >=11.2"),
        ({}, {"files": {".npmrc": "omit[]=peer\n"}}, "omit in .npmrc decides which packages there are, and where"),
    ],
)
def test_what_cannot_be_divided_stays_one_layer_and_the_plan_says_why(
    packages: dict[str, Any], known: dict[str, Any], why: str, tmp_path: Path
) -> None:
    """Requirement: "keep the lock in one layer, with a note that says so — never a silent difference"."""
    found = made(tmp_path, {**PACKAGES, **packages}, **known)
    assert found.layers == ("packages",)
    assert found.stage("packages").recipe.kind == "node-packages"
    assert found.warnings == (WHOLE + why,)


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("nodejs-yarn", "install scripts may run, which may change other packages; scripts=False leaves them out"),
        ("nodejs-yarn-classic", "a lock of Yarn 1 does not tell for which platforms packages are, and which have programs"),
        ("nodejs-npm-workspace", "it has packages of the project"),
        ("nodejs-npm-patches", "patch-package changes its packages"),
    ],
)
def test_other_locks_that_stay_one_layer_say_why(case: str, why: str) -> None:
    pins = replace(LOCK, packing=Packing(groups={"nodejs": (("absent",),)}))
    found = plan(ImageSpec.load(GOLDEN / case / "spec.toml"), pins, root=GOLDEN / case / "project")
    assert [warning.partition(": ")[2] for warning in found.warnings if " stays one layer, " in warning] == [why]
    assert {stage.recipe.kind for stage in found.stages if stage.locked_by is not None} <= {"node-packages"}


@pytest.mark.parametrize("lock", ["package-lock.json", "pnpm-lock.yaml", "yarn.lock"])
def test_locks_of_each_tool_are_divided(lock: str, tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).parents[1] / "engine" / "projects" / "node-parts", tmp_path, dirs_exist_ok=True)
    pins = replace(LOCK, packing=Packing(groups={"nodejs": (("glob", "send"), ("ms",))}))
    step = NodeDependencies(lock, name="packages", scripts=False)
    found = plan(ImageSpec(runtime="nodejs22.x", steps=[step]), pins, root=tmp_path)
    assert found.warnings == ()
    # Of ms there are two versions, whose places only a lock of npm names.
    assert found.layers == ("packages-glob", *(("packages-ms",) if lock == "package-lock.json" else ()), "packages")
    rest = found.stage("packages").recipe
    assert isinstance(rest, NodePart)
    assert (bool(rest.graph), "ms" in rest.names) == ((False, False) if lock == "package-lock.json" else (True, True))


def test_scripts_that_are_left_out_do_not_keep_a_lock_whole(tmp_path: Path) -> None:
    packages = {**PACKAGES, "node_modules/e": package("e", hasInstallScript=True)}
    assert len(made(tmp_path, packages, scripts=False).layers) == 3


def test_what_comes_after_the_step_finds_every_part_and_not_the_installation(tmp_path: Path) -> None:
    made(tmp_path)
    pins = replace(LOCK, packing=Packing(groups={"nodejs": (("a",),)}))
    steps = [NodeDependencies("package-lock.json", name="packages"), Command([["true"]], name="late", after=["packages"])]
    found = plan(ImageSpec(runtime="nodejs22.x", steps=steps), pins, root=tmp_path)
    assert found.stage("late").trees == ("packages", "packages-a")
    assert found.layers == ("packages-a", "packages", "late")


def test_a_part_changes_as_its_packages_do(tmp_path: Path) -> None:
    evidence = Evidence(
        packages={"nodejs": {"c": PackageEvidence(changes=0.5, size_bytes=7), "@acme/d": PackageEvidence(changes=0.2, size_bytes=5)}}
    )
    found = made(tmp_path, evidence=evidence)
    figures = found.stage("packages-acme-d").figures
    assert figures is not None
    assert figures.probability == pytest.approx(0.6)
    assert figures.probability_from is Source.EVIDENCE
    assert (figures.size_bytes, figures.size_from) == (12, Source.EVIDENCE)
    assert len({identity(stage) for stage in found.stages}) == len(found.stages)
    assert {past_identity(stage) for stage in found.stages} == {"node-packages package-lock.json"}
