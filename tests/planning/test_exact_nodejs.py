"""Recipes of Node.js packages name the exact Node.js, and npm where it installs, of a base that the lock tells."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from optimizer import ImageSpec, Lock, NodeDependencies, SystemPackages, load_plan, plan, render
from optimizer.builders.docker.render import Profile
from optimizer.model.plan import BuildPlan
from optimizer.model.steps import Step
from optimizer.planning.document import KeptPlan, plan_to_data
from optimizer.planning.keys import stage_keys
from optimizer.project.files import Project

PROJECTS = Path(__file__).parents[1] / "engine" / "projects"


def lock(digit: str = "1", node: str = "22.14.0", npm: str = "10.9.2", arm64: str = "") -> Lock:
    """A lock of one base; without ``node`` and ``npm`` as an older one is."""
    lines = ["version = 1", "[[image]]", 'reference = "public.ecr.aws/lambda/nodejs:22"', f'digest = "sha256:{digit * 64}"']
    lines += ["resolved = 2026-11-01", 'kind = "index"', "[image.platforms]"]
    lines += [f'amd64 = "sha256:{digit * 64}"', f'arm64 = "sha256:{digit * 63}a"']
    for name, version in (("node", node), ("npm", npm)):
        if version:
            lines += [f"[image.{name}]", f'amd64 = "{version}"', f'arm64 = "{(arm64 if name == "node" else "") or version}"']
    return Lock.parse("\n".join(lines) + "\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("npm", "pnpm", "yarn-berry", "yarn-classic"):
        shutil.copytree(PROJECTS / name, tmp_path / name)
    return tmp_path


def made(root: Path, *steps: Step, pins: Lock | None = None, **options: Any) -> BuildPlan:
    return plan(ImageSpec(runtime="nodejs22.x", steps=list(steps), **options), pins or lock(), root=root)


def keys(root: Path, *steps: Step, pins: Lock, **options: Any) -> dict[str, str]:
    return stage_keys(made(root, *steps, pins=pins, **options), Project(root))


NPM = NodeDependencies("npm/package-lock.json", name="packages")
PNPM = NodeDependencies("pnpm/pnpm-lock.yaml", name="packages")
YARN = NodeDependencies("yarn-berry/yarn.lock", name="packages", scripts=False)
CLASSIC = NodeDependencies("yarn-classic/yarn.lock", name="packages", scripts=False)
STEPS = pytest.mark.parametrize("step", [NPM, PNPM, YARN, CLASSIC], ids=["npm", "pnpm", "yarn", "yarn-classic"])


@STEPS
def test_two_bases_of_one_nodejs_give_equal_keys(step: Step, root: Path) -> None:
    """Requirement: "a patched base of Node.js rebuilds all Node packages" no more."""
    before, patched, other = (keys(root, step, pins=pins) for pins in (lock("1"), lock("2"), lock("2", "22.15.0")))
    assert before == patched
    assert not set(before.values()) & set(other.values()), "an optional package may be for some versions of Node.js alone"


@pytest.mark.parametrize(("step", "decides"), [(NPM, True), (PNPM, False), (YARN, False)], ids=["npm", "pnpm", "yarn"])
def test_npm_decides_where_it_installs(step: Step, decides: bool, root: Path) -> None:
    """The others are brought in one version; npm does no more than fetch them."""
    one, other = (keys(root, step, pins=lock(npm=npm)) for npm in ("10.9.2", "11.6.0"))
    assert (one != other) == decides
    unknown = made(root, step, pins=lock(npm="")).stage("packages").recipe.exact_programs
    assert unknown == ({} if decides else {"node": "22.14.0"})


@STEPS
def test_packages_have_a_platform_all_the_same(step: Step, root: Path) -> None:
    intel, arm = (keys(root, step, pins=lock(), architecture=name) for name in ("x86_64", "arm64"))
    assert intel != arm


@STEPS
def test_a_lock_without_the_versions_follows_the_digest(step: Step, root: Path) -> None:
    before, patched = (keys(root, step, pins=lock(digit, "", "")) for digit in "12")
    assert before != patched
    assert "same_node" not in render(made(root, step, pins=lock("1", "", "")))


def test_platforms_with_two_versions_are_as_before(root: Path) -> None:
    """The stage runs on the platform of whoever builds."""
    assert keys(root, NPM, pins=lock(arm64="22.13.0")) == keys(root, NPM, pins=lock(node="", npm=""))


@pytest.mark.parametrize(
    ("options", "files"),
    [
        ({"build_packages": ["gcc"]}, {}),
        ({"slim": ["base-packages"]}, {}),
        ({"lock": "pnpm/pnpm-lock.yaml"}, {"pnpm/.pnpmfile.cjs": "module.exports = {}\n"}),
        ({"lock": "yarn-berry/yarn.lock"}, {}),
    ],
    ids=["build packages", "packages of the base", "code that pnpm runs", "install scripts"],
)
def test_the_base_stays_in_the_key_where_more_of_it_decides(options: dict[str, Any], files: dict[str, str], root: Path) -> None:
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")
    step = NodeDependencies(**{"lock": "npm/package-lock.json", "name": "packages", **options})
    one, two = (keys(root, step, pins=lock(digit)) for digit in "12")
    assert one != two
    assert "same_node" not in render(made(root, step))


def test_what_stands_on_a_changed_system_follows_the_base(root: Path) -> None:
    steps = (SystemPackages(["libpq"], name="system"), NodeDependencies("npm/package-lock.json", name="packages", after=["system"]))
    one, two = (keys(root, *steps, pins=lock(digit)) for digit in "12")
    assert not set(one.values()) & set(two.values())


def test_both_profiles_compare_the_versions_before_they_install(root: Path) -> None:
    for profile in Profile:
        text = render(made(root, NPM), profile)
        assert text.index("node /scripts/same_node.js 22.14.0 10.9.2 &&") < text.index("npm ci")
        assert "node /scripts/same_node.js 22.14.0 &&" in render(made(root, PNPM), profile)


def test_a_kept_plan_names_them_too(root: Path, tmp_path: Path) -> None:
    found = made(root, NPM)
    path = tmp_path / "kept.json"
    path.write_text(json.dumps(plan_to_data(KeptPlan(plan=found, keys=stage_keys(found, Project(root)), dockerfile=""))))
    assert load_plan(path) == found
