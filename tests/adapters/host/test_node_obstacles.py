"""Which Node.js packages are left to a container engine, and with which reason."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer import BuildSecret
from optimizer.adapters.host import node_obstacles
from optimizer.adapters.host.node_obstacles import node_obstacle
from optimizer.model.recipes.nodejs import NodePackages
from optimizer.model.recipes.recipe import PackageSet
from optimizer.model.reference import ImageReference
from tests.adapters.host.node_projects import OPTIONAL, request_of, write_project, write_tools


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, on a machine with tools that can install it."""
    use(write_tools(tmp_path / "tools"), monkeypatch)
    project = tmp_path / "project"
    project.mkdir()
    return project


def use(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tools))


RECIPES: dict[str, dict[str, Any]] = {
    "patch-package runs on the packages": {"patches": "patches"},
    "it needs system packages (gcc, git)": {"build_packages": PackageSet(manager="dnf", names=("gcc", "git"))},
    "packages of the base are left out, which this machine does not see": {"slim": ("base-packages",)},
    'its build secret "npm" comes from a file': {"secrets": (BuildSecret("npm", from_file=".npmrc", to_env="NPM_TOKEN"),)},
    'its build secret "ca" is the file /run/secrets/ca': {"secrets": (BuildSecret("ca", from_env="CA"),)},
    'its build secret "node" sets NODE_OPTIONS': {"secrets": (BuildSecret("node", from_env="X", to_env="NODE_OPTIONS"),)},
    'its build secret "path" sets PATH': {"secrets": (BuildSecret("path", from_env="X", to_env="PATH"),)},
    'its build secret "npm" sets NPM_CONFIG_USERCONFIG': {"secrets": (BuildSecret("npm", from_env="X", to_env="NPM_CONFIG_USERCONFIG"),)},
    "the npm of its base installs for the platform that it runs on": {"cross": False},
}


@pytest.mark.parametrize(("reason", "values"), RECIPES.items(), ids=RECIPES)
def test_a_recipe_that_needs_a_container(reason: str, values: dict[str, Any], root: Path, tmp_path: Path) -> None:
    write_project(root)
    request = request_of(root, tmp_path)
    assert node_obstacle(request) == ""
    recipe = request.stage.recipe
    assert isinstance(recipe, NodePackages)
    assert node_obstacle(replace(request, stage=replace(request.stage, recipe=replace(recipe, **values)))) == reason


def test_packages_with_install_scripts(root: Path, tmp_path: Path) -> None:
    write_project(root)
    reason = "install scripts of @acme/tool may compile for the platform that they run on, and scripts=False leaves such scripts out"
    assert node_obstacle(request_of(root, tmp_path, scripts=True)) == reason


def test_packages_none_of_which_has_an_install_script(root: Path, tmp_path: Path) -> None:
    """Of most locks no package has one, and nobody writes scripts=False for them."""
    write_project(root)
    lock = root / "package-lock.json"
    lock.write_text(lock.read_text().replace('"hasInstallScript": true', '"hasInstallScript": false'))
    assert node_obstacle(request_of(root, tmp_path, scripts=True)) == ""


def test_a_stage_on_another_stage(root: Path, tmp_path: Path) -> None:
    write_project(root)
    request = request_of(root, tmp_path)
    assert (
        node_obstacle(replace(request, stage=replace(request.stage, origin="system-packages"))) == "it stands on the tree of another stage"
    )


@pytest.mark.parametrize(
    ("base", "reason"),
    [
        ("mirror.example.com/ecr-public/lambda/nodejs:22", ""),
        ("house.example.com/team/nodejs:22", "its base is not AWS's, and may have another npm, or settings for one"),
        ("house.example.com/own-lambda/nodejs:22", "its base is not AWS's, and may have another npm, or settings for one"),
    ],
)
def test_a_base_of_a_team(base: str, reason: str, root: Path, tmp_path: Path) -> None:
    write_project(root)
    request = request_of(root, tmp_path)
    assert node_obstacle(replace(request, plan=replace(request.plan, base=ImageReference.parse(base)))) == reason


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        (".npmrc", "engine-strict=false\n", "engine-strict"),
        (".npmrc", "install-strategy = linked\n", "install-strategy"),
        ("package.json", '{"name": "shop", "devEngines": {}}', "devEngines"),
    ],
)
def test_settings_that_depend_on_the_machine(name: str, text: str, word: str, root: Path, tmp_path: Path) -> None:
    write_project(root, {name: text})
    assert node_obstacle(request_of(root, tmp_path)) == f"{name} has {word}, which may run code or depend on the machine that installs"


def test_a_setting_that_only_contains_such_a_word_is_none(root: Path, tmp_path: Path) -> None:
    write_project(root, {".npmrc": "//npm.example.com/my-pnpmfile-x/:email=ada@example.com\n"})
    assert node_obstacle(request_of(root, tmp_path)) == ""


PNPM_LOCK = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies: {}\n"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, ""),
        ({".pnpmfile.cjs": "module.exports = {};\n"}, ".pnpmfile.cjs is code that pnpm runs"),
        (
            {"pnpm-workspace.yaml": "configDependencies: {}\n"},
            "pnpm-workspace.yaml has configDependencies, which may run code or depend on the machine that installs",
        ),
        (
            {".npmrc": "//npm.example.com/:tokenHelper=/bin/helper\n"},
            ".npmrc has tokenHelper, which may run code or depend on the machine that installs",
        ),
    ],
)
def test_hooks_of_pnpm(files: dict[str, str], reason: str, root: Path, tmp_path: Path) -> None:
    for name, text in {"package.json": '{"name": "shop"}', "pnpm-lock.yaml": PNPM_LOCK, **files}.items():
        (root / name).write_text(text)
    assert node_obstacle(request_of(root, tmp_path, lock="pnpm-lock.yaml")) == reason


@pytest.mark.parametrize(
    ("versions", "reason"),
    [
        ({"npm": ""}, "this machine has no npm that runs"),
        ({"node": "", "npm": ""}, "this machine has no Node.js and npm that runs"),
        ({"npm": "nonsense"}, "this machine has no npm that runs"),
        ({"npm": "9.2.0"}, "this machine has npm 9.2.0, and its packages are known to be the same from 10.8 on"),
        ({"npm": "10.7.0"}, "this machine has npm 10.7.0, and its packages are known to be the same from 10.8 on"),
        ({"npm": "10.8.0"}, ""),
        ({"npm": "12.2.2"}, ""),
        ({"npm": "13.0.0"}, "this machine has npm 13.0.0, whose packages are not known to be the same as those of npm 10.8 to 12"),
    ],
)
def test_tools_of_the_machine(versions: dict[str, str], reason: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(root)
    use(write_tools(tmp_path / "other", **versions), monkeypatch)
    assert node_obstacle(request_of(root, tmp_path)) == reason


def test_a_package_that_the_machines_node_would_pass_over(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(root, engines={"node": "<23"})
    request = request_of(root, tmp_path)
    assert node_obstacle(request) == ""
    use(write_tools(tmp_path / "other", node="24.1.0"), monkeypatch)
    assert node_obstacle(request) == f'the optional package "{OPTIONAL}" is for Node.js <23, and this machine has 24.1.0'


@pytest.mark.parametrize(
    ("lock", "platform", "node", "reason"),
    [
        ("__metadata:\n  version: 8\n", ("linux", "x64", True), "24.1.0", ""),
        (
            "__metadata:\n  version: 8\n",
            ("linux", "arm64", True),
            "22.1.0",
            "Yarn installs for the platform that it runs on: linux arm64 glibc, not linux x64 glibc",
        ),
        (
            "__metadata:\n  version: 8\n",
            ("darwin", "x64", False),
            "22.1.0",
            "Yarn installs for the platform that it runs on: darwin x64, not linux x64 glibc",
        ),
        ("# yarn lockfile v1\n", ("linux", "x64", True), "22.1.0", ""),
        ("# yarn lockfile v1\n", ("linux", "x64", True), "24.1.0", "Yarn 1 holds packages to the Node.js that runs it: 24.1.0, not 22"),
    ],
)
def test_yarn(
    lock: str,
    platform: tuple[str, str, bool],
    node: str,
    reason: str,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (root / "package.json").write_text('{"name": "shop"}')
    (root / "yarn.lock").write_text(lock)
    for name, value in zip(("host_os", "host_cpu", "is_glibc"), platform, strict=True):
        monkeypatch.setattr(node_obstacles, name, lambda value=value: value)
    use(write_tools(tmp_path / "other", node=node), monkeypatch)
    assert node_obstacle(request_of(root, tmp_path, lock="yarn.lock")) == reason


def test_a_plugin_of_yarn(root: Path, tmp_path: Path) -> None:
    (root / "package.json").write_text('{"name": "shop"}')
    (root / "yarn.lock").write_text("__metadata:\n  version: 8\n")
    (root / ".yarnrc.yml").write_text("plugins:\n  - path: plugin.cjs\n")
    (root / "plugin.cjs").write_text("module.exports = {};\n")
    reason = node_obstacle(request_of(root, tmp_path, lock="yarn.lock"))
    assert reason == ".yarnrc.yml has plugins, which may run code or depend on the machine that installs"


def test_settings_above_the_place_where_packages_are_installed(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(root)
    request = request_of(root, tmp_path)
    place = tmp_path / "above" / "temporary"
    place.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(place))
    assert node_obstacle(request) == ""
    (tmp_path / "above" / ".npmrc").touch()
    assert node_obstacle(request) == f"{tmp_path / 'above' / '.npmrc'} would set up the installer"


def test_a_system_without_links(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(root)
    request = request_of(root, tmp_path)
    monkeypatch.setattr(node_obstacles, "os", _Windows())
    assert node_obstacle(request) == "packages are installed on Linux and macOS alone"


class _Windows:
    name = "nt"
    environ = os.environ
