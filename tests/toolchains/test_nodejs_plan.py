"""The stages of a step of Node.js packages: what they read, where they run, and which layers they make."""

from __future__ import annotations

import datetime
import json
import subprocess
from pathlib import Path

import pytest

from optimizer import ImageSpec, Lock, NodeDependencies, plan, render
from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import LockedImage
from optimizer.builders.docker.nodejs_scripts import dependencies_only
from optimizer.errors import SpecError
from optimizer.model.plan import BuildPlan, OnTarget
from optimizer.model.recipes.nodejs import NodePackages, NodePlatform, WorkspaceMember
from optimizer.model.recipes.recipe import Tool
from tests.test_golden import plan_of
from tests.toolchains.scripts import argv

GOLDEN = Path(__file__).parents[1] / "golden"


def write(root: Path, **files: object) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def planned(root: Path, step: NodeDependencies, architecture: str = "arm64") -> BuildPlan:
    lock = Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))
    return plan(ImageSpec(runtime="nodejs22.x", architecture=architecture, steps=[step]), lock, root=root)


def project(root: Path, packages: dict[str, object], **manifest: object) -> None:
    lock = {"lockfileVersion": 3, "packages": {"": manifest, **packages}}
    write(root, **{"package.json": manifest, "package-lock.json": lock})


def recipe(plan: BuildPlan) -> NodePackages:
    (found,) = [stage.recipe for stage in plan.stages if isinstance(stage.recipe, NodePackages)]
    return found


def test_a_script_of_a_package_needs_the_targets_platform_and_no_other_runs(tmp_path: Path) -> None:
    """Requirement: "in a stage that does not need the target's platform no script may run"."""
    esbuild = {"node_modules/esbuild": {"version": "0.25.12", "hasInstallScript": True}}
    project(tmp_path, esbuild, dependencies={"esbuild": "0.25.12"}, scripts={"prepare": "husky"})
    made = planned(tmp_path, NodeDependencies("package-lock.json"))
    assert made.stages[0].on_target == OnTarget("install scripts of esbuild may compile for the platform that they run on")
    assert "--ignore-scripts" not in render(made)
    assert (recipe(made).scripts, recipe(made).cross) == (True, False)
    made = planned(tmp_path, NodeDependencies("package-lock.json", scripts=False))
    assert made.stages[0].on_target is None
    assert recipe(made).platform == NodePlatform(cpu="arm64", os="linux", libc="glibc")
    assert (recipe(made).scripts, recipe(made).cross) == (False, True)
    assert "--cpu=arm64 --os=linux --libc=glibc" in render(made)
    assert "--ignore-scripts" in render(made)

    project(tmp_path, {"node_modules/ms": {"version": "2.1.3"}}, dependencies={"ms": "2.1.3"}, scripts={"prepare": "husky"})
    made = planned(tmp_path, NodeDependencies("package-lock.json"))
    assert made.stages[0].on_target is None
    assert "--ignore-scripts" in render(made)


def with_npm(version: str) -> Lock:
    """The lock whose base for Node.js 22 has that npm on both platforms; an unknown one for an empty version."""
    reference = base_image("nodejs22.x").reference
    digest = "sha256:" + "5" * 64
    programs = {"npm": {"amd64": version, "arm64": version}} if version else {}
    platforms = {"amd64": digest, "arm64": digest}
    image = LockedImage(
        reference=reference, digest=digest, resolved=datetime.date(2026, 11, 1), kind="index", platforms=platforms, programs=programs
    )
    return Lock().with_images([image])


def test_an_install_script_that_the_bases_npm_leaves_out_is_refused(tmp_path: Path) -> None:
    """Requirement: "brought into the image or refused by name, never lost"; npm 12 exits with 0 where it runs no script."""
    packages = {
        "node_modules/bcrypt": {
            "version": "6.0.0",
            "hasInstallScript": True,
            "resolved": "https://npm.example.com/bcrypt/-/bcrypt-6.0.0.tgz",
        },
        "node_modules/alias": {"version": "1.0.0", "hasInstallScript": True, "name": "@acme/native"},
        "node_modules/local": {"version": "1.0.0", "hasInstallScript": True, "resolved": "file:local.tgz"},
        "node_modules/tool": {"version": "1.0.0", "hasInstallScript": True, "dev": True},
    }
    dependencies = {"bcrypt": "6.0.0", "alias": "npm:@acme/native@1.0.0", "local": "file:local.tgz"}

    def planned(npm: str, step: NodeDependencies | None = None, **manifest: object) -> BuildPlan:
        write(tmp_path, **{"local.tgz": ""})
        project(tmp_path, packages, dependencies=dependencies, **manifest)
        spec = ImageSpec(runtime="nodejs22.x", steps=[step or NodeDependencies("package-lock.json")])
        return plan(spec, with_npm(npm), root=tmp_path)

    for npm in ("10.9.9", "11.21.2", ""):
        assert planned(npm).warnings == ()
    with pytest.raises(SpecError) as caught:
        planned("12.2.2")
    (fault,) = caught.value.faults
    assert fault.message == (
        "npm 12.2.2 of the base image runs no install script of @acme/native@1.0.0, bcrypt@6.0.0: "
        "package.json names them neither as allowed nor as denied in allowScripts"
    )
    assert fault.hint == "run npm install-scripts approve @acme/native bcrypt (or deny), and commit package.json; scripts = false runs none"
    planned("12.2.2", NodeDependencies("package-lock.json", scripts=False))
    planned("12.2.2", allowScripts={"bcrypt@6.0.0": True, "@acme/native": False})
    with pytest.raises(SpecError, match=r"no install script of @acme/native@1\.0\.0: "):
        planned("12.2.2", allowScripts={"bcrypt@6.0.0": True, "@acme/native@1.0.0": True})


def test_scripts_that_an_unknown_npm_may_leave_out_are_told(tmp_path: Path) -> None:
    """Requirement: "what cannot be judged is said to be so"."""
    packages = {"node_modules/bcrypt": {"version": "6.0.0", "hasInstallScript": True}}
    house = "registry.example.com/node@sha256:" + "6" * 64

    def warnings(**manifest: object) -> tuple[str, ...]:
        project(tmp_path, packages, dependencies={"bcrypt": "6.0.0"}, **manifest)
        spec = ImageSpec(runtime="nodejs22.x", base=house, steps=[NodeDependencies("package-lock.json")])
        return plan(spec, Lock(), root=tmp_path).warnings

    (warning,) = warnings()
    assert warning.startswith(
        "node-dependencies: whether install scripts of bcrypt@6.0.0 run cannot be told: npm 12 and newer run none of them"
    )
    assert warning.endswith("run npm install-scripts approve bcrypt (or deny), and commit package.json")
    assert warnings(allowScripts={"bcrypt": True}) == ()


def test_packages_from_git_bring_git_and_are_built_on_the_target(tmp_path: Path) -> None:
    ours = {"node_modules/ours": {"version": "1.0.0", "resolved": "git+ssh://git@github.com/acme/ours.git#1"}}
    project(tmp_path, ours, dependencies={"ours": "github:acme/ours"})
    made = planned(tmp_path, NodeDependencies("package-lock.json"))
    assert made.stages[0].on_target == OnTarget("packages from git (ours) are built on the platform that installs them")
    assert "git-core" in render(made)


def test_a_directory_beside_the_locks_own_stands_where_the_link_to_it_would(tmp_path: Path) -> None:
    packages = {
        "../shared": {"version": "1.0.0"},
        "node_modules/shared": {"resolved": "../shared", "link": True},
    }
    project(tmp_path / "functions" / "api", packages, dependencies={"shared": "file:../shared"})
    write(tmp_path / "functions", **{"shared/package.json": {"name": "shared"}, "shared/index.js": ""})
    made = planned(tmp_path, NodeDependencies("functions/api/package-lock.json"))
    assert recipe(made).lock == "/build/api/package-lock.json"
    assert ("../shared", "node_modules/shared") in recipe(made).places
    assert {(item.source, item.target) for item in made.stages[0].plain_inputs()} == {
        ("functions/api/package.json", "/build/api/"),
        ("functions/api/package-lock.json", "/build/api/"),
        ("functions/shared/package.json", "/build/shared/"),
    }
    packed = made.packed()["node-dependencies-node-modules-shared"]
    assert (packed.files.source, packed.files.target) == ("functions/shared", "/var/task/node_modules/shared/")

    # npm neither locks nor installs what such a package depends on.
    write(tmp_path / "functions", **{"shared/package.json": {"name": "shared", "dependencies": {"ms": "2"}}})
    with pytest.raises(SpecError, match='links "shared" at "functions/shared", but does not lock its dependencies'):
        planned(tmp_path, NodeDependencies("functions/api/package-lock.json"))


def test_the_plan_warns_where_a_member_has_packages_of_its_own(tmp_path: Path) -> None:
    case = GOLDEN / "nodejs-npm-workspace" / "project"
    step = NodeDependencies("package-lock.json", package="@acme/api", ignore_root_scripts=["postinstall"])
    assert planned(case, step).warnings == (
        'node-dependencies: put the code of "@acme/api" at /var/task/packages/api/ '
        '(SourceCode("packages/api", to="/var/task/packages/api/")): the lock puts ms there, for it only',
    )
    assert planned(case, NodeDependencies("package-lock.json", package="@acme/text")).warnings == ()


def test_what_a_command_builds_may_be_in_the_project_or_not(tmp_path: Path) -> None:
    """Somebody who has built the package by hand, and a fresh checkout, plan the same."""
    packages = {"packages/text": {"version": "1.0.0", "name": "text"}, "node_modules/text": {"resolved": "packages/text", "link": True}}
    project(tmp_path, packages, workspaces=["packages/*"], dependencies={"text": "1.0.0"})
    write(tmp_path, **{"packages/text/package.json": {"name": "text", "main": "dist/index.js"}})
    with pytest.raises(SpecError, match='has the main file "dist/index.js", which does not exist in the project'):
        planned(tmp_path, NodeDependencies("package-lock.json"))
    step = NodeDependencies("package-lock.json", ignore_unbuilt=["text"])
    unbuilt = planned(tmp_path, step)
    assert "node-dependencies-packages-text" in unbuilt.layers
    write(tmp_path, **{"packages/text/dist/index.js": ""})
    assert planned(tmp_path, step) == unbuilt


def test_a_damaged_lock_is_left_to_npm(tmp_path: Path) -> None:
    write(tmp_path, **{"package.json": {"name": "shop"}, "package-lock.json": "{"})
    made = planned(tmp_path, NodeDependencies("package-lock.json"))
    assert made.stages[0].on_target == OnTarget("its lock file does not record which packages run scripts")


@pytest.mark.parametrize(
    ("case", "installer", "tools"),
    [
        ("nodejs-npm", "npm", []),
        ("nodejs-npm-patches", "npm", ["patch-package"]),
        ("nodejs-pnpm", "pnpm", ["pnpm"]),
        ("nodejs-yarn", "yarn", ["@yarnpkg/cli-dist"]),
        ("nodejs-yarn-classic", "yarn-classic", ["yarn"]),
    ],
)
def test_a_recipe_names_its_installer_and_what_the_base_lacks(case: str, installer: str, tools: list[str]) -> None:
    found = recipe(plan_of(case))
    assert (found.installer, [tool.name for tool in found.tools]) == (installer, tools)
    assert all(tool.version for tool in found.tools)


def test_the_lock_decides_the_version_of_patch_package(tmp_path: Path) -> None:
    packages = {"node_modules/patch-package": {"version": "8.0.1"}}
    project(tmp_path, packages, dependencies={"patch-package": "8"}, scripts={"postinstall": "patch-package --patch-dir ./fixes"})
    write(tmp_path, **{"fixes/ms+2.1.3.patch": ""})
    found = recipe(planned(tmp_path, NodeDependencies("package-lock.json")))
    assert (found.patches, found.tools) == ("fixes", (Tool(name="patch-package", version="8.0.1"),))
    assert found.overruled_manifests == ("package.json",)


def test_a_recipe_names_the_member_and_the_places_of_what_it_needs() -> None:
    found = recipe(plan_of("nodejs-npm-workspace"))
    assert found.member == WorkspaceMember(path="packages/api", name="@acme/api")
    assert found.needed_members == ("packages/shared", "packages/text")
    assert found.places == tuple((path, path) for path in (".", "packages/api", "packages/shared", "packages/text"))
    assert (found.local_links, found.importers, found.needed_itself) == (True, None, False)


def test_what_a_flat_installation_would_bring_for_others_is_cut_from_the_lock() -> None:
    found = recipe(plan_of("nodejs-pnpm-workspace"))
    assert found.importers is not None and found.member is not None
    assert {".", found.member.path, *found.needed_members} <= set(found.importers)
    assert found.importers[0] == "."


@pytest.mark.parametrize("setting", ["include=dev", "include[]=dev", "production = false", "dev", "also=development"])
def test_a_setting_for_development_brings_nothing_into_the_image(setting: str, tmp_path: Path) -> None:
    """npm puts these above --omit=dev, so the image held what is for development alone."""
    project(tmp_path, {"node_modules/ms": {"version": "2.1.3"}}, dependencies={"ms": "2.1.3"})
    before, after = "; include=dev\n@acme:registry=https://npm.example.com\n", "engine-strict=true\n"
    write(tmp_path, **{".npmrc": f"{before}{setting}\n{after}"})
    made = planned(tmp_path, NodeDependencies("package-lock.json"))
    assert recipe(made).overruled_manifests == (".npmrc",)
    script = dependencies_only(recipe(made).overruled_manifests)
    subprocess.run(argv(script, *script.arguments), cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / ".npmrc").read_text(encoding="utf-8") == before + after
    write(tmp_path, **{".npmrc": "; include=dev\ninclude-staged=true\n"})
    assert recipe(planned(tmp_path, NodeDependencies("package-lock.json"))).overruled_manifests == ()
