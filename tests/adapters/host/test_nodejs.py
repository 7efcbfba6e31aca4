"""Node.js packages installed on this machine: what is in the tree, and what reaches the installer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from optimizer import BuildSecret
from optimizer.adapters.host import node_obstacles
from optimizer.adapters.host.nodejs import NodeTrees
from optimizer.adapters.host.tree import TreeRequest, tree_chunks
from optimizer.errors import EngineError
from tests.adapters.host.node_projects import OPTIONAL, request_of, write_project, write_tools


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    project = tmp_path / "project"
    project.mkdir()
    return project


def made(request: TreeRequest, directory: Path) -> Path:
    tree = directory / "tree"
    tree.mkdir(parents=True)
    assert NodeTrees().obstacle(request) == ""
    NodeTrees().make(request, tree)
    return tree


def listed(tree: Path) -> list[str]:
    return sorted(path.relative_to(tree / "var/task/node_modules").as_posix() for path in tree.rglob("*") if not path.is_dir())


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_packages_are_those_of_the_target_and_no_script_runs(architecture: str, root: Path, tmp_path: Path) -> None:
    write_project(root, os=["linux"], cpu=["arm64"])
    tree = made(request_of(root, tmp_path, architecture=architecture), tmp_path)
    other = [f"{OPTIONAL}/package.json"] if architecture == "arm64" else []
    assert listed(tree) == sorted([".bin/tool", "@acme/tool/package.json", "@acme/tool/run.js", *other])
    assert os.readlink(tree / "var/task/node_modules/.bin/tool") == "../@acme/tool/run.js"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("nodejs-")] == [], "nothing is left beside the tree"


def test_neither_settings_of_the_user_nor_the_umask_change_the_tree(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(root)
    request = request_of(root, tmp_path)
    expected = b"".join(tree_chunks(made(request, tmp_path / "first"), "packages"))
    home = tmp_path / "home"
    home.mkdir()
    (home / ".npmrc").write_text("bin-links=false\nomit=optional\ninstall-strategy=nested\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("NPM_CONFIG_USERCONFIG", str(home / ".npmrc"))
    monkeypatch.setenv("npm_config_bin_links", "false")
    monkeypatch.setenv("NODE_OPTIONS", "--require=/nowhere.js")
    before = os.umask(0o077)
    try:
        assert b"".join(tree_chunks(made(request, tmp_path / "second"), "packages")) == expected
    finally:
        os.umask(before)


def test_settings_of_the_project_hold_as_in_the_stage(root: Path, tmp_path: Path) -> None:
    write_project(root, {".npmrc": "bin-links=false\n"})
    assert ".bin/tool" not in listed(made(request_of(root, tmp_path), tmp_path))


def test_npm_gets_the_words_of_the_stage_and_the_secret_and_nothing_else_of_the_environment(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(root, {".npmrc": "//npm.example.com/:_authToken=${NPM_TOKEN}\n"})
    secret = BuildSecret("npm", from_env="HOUSE_TOKEN", to_env="NPM_TOKEN")
    request = request_of(root, tmp_path, architecture="arm64", registry="https://npm.example.com/", secrets=[secret])
    tools = write_tools(tmp_path / "tools")
    monkeypatch.setenv("PATH", os.pathsep.join([str(tools), "/usr/bin", "/bin"]))
    monkeypatch.setenv("HOUSE_TOKEN", "s3cret\n")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "other")
    monkeypatch.setenv("npm_config_registry", "https://elsewhere.example.com/")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    made(request, tmp_path)
    calls = (tools / "calls").read_text().splitlines()
    words = [line for line in calls if "=" not in line or line.startswith("--")]
    assert words == [
        "ci",
        "--omit=dev",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--cpu=arm64",
        "--os=linux",
        "--libc=glibc",
        "--ignore-scripts",
    ]
    variables = dict(line.split("=", 1) for line in calls if line not in words)
    assert {name: variables.pop(name) for name in ("NPM_TOKEN", "npm_config_registry", "HTTPS_PROXY", "NODE_ENV")} == {
        "NPM_TOKEN": "s3cret",
        "npm_config_registry": "https://npm.example.com/",
        "HTTPS_PROXY": "http://proxy.example.com:3128",
        "NODE_ENV": "production",
    }
    assert variables["HOME"].startswith(str(tmp_path / "nodejs-"))
    assert variables["npm_config_userconfig"] == f"{variables['HOME']}/.npmrc"
    assert variables["npm_config_ignore_scripts"] == "true"
    assert not {"AWS_SECRET_ACCESS_KEY", "HOUSE_TOKEN"} & set(variables)


def test_a_file_of_the_user_comes_from_a_secret_too(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(root)
    secret = BuildSecret("npmrc", from_env="NPMRC", to_file="/root/.npmrc")
    monkeypatch.setenv("NPMRC", "bin-links=false\n")
    assert ".bin/tool" not in listed(made(request_of(root, tmp_path, secrets=[secret]), tmp_path))


def test_an_empty_secret_ends_before_anything_is_fetched(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(root, {".npmrc": "//npm.example.com/:_authToken=${NPM_TOKEN}\n"})
    monkeypatch.delenv("NPM_TOKEN", raising=False)
    request = request_of(root, tmp_path, secrets=[BuildSecret("npm", from_env="NPM_TOKEN", to_env="NPM_TOKEN")])
    tools = write_tools(tmp_path / "tools")
    monkeypatch.setenv("PATH", os.pathsep.join([str(tools), "/usr/bin", "/bin"]))
    with pytest.raises(EngineError, match="the build secret npm is empty: set NPM_TOKEN where the image is published"):
        made(request, tmp_path)
    assert not (tools / "calls").exists()


def test_what_npm_says_when_it_fails_is_shown_without_secrets(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(root, {".npmrc": "//npm.example.com/:_authToken=${NPM_TOKEN}\n"})
    monkeypatch.setenv("NPM_TOKEN", "s3cret")
    request = request_of(root, tmp_path, secrets=[BuildSecret("npm", from_env="NPM_TOKEN", to_env="NPM_TOKEN")])
    tools = write_tools(tmp_path / "tools", does='echo "401 for $NPM_TOKEN" >&2; exit 1')
    monkeypatch.setenv("PATH", os.pathsep.join([str(tools), "/usr/bin", "/bin"]))
    with pytest.raises(EngineError) as caught:
        made(request, tmp_path)
    assert 'the packages of "node-dependencies" cannot be installed on this machine: npm failed:\n401 for ***' in str(caught.value)
    assert "publish with --no-host" in str(caught.value)


PROJECTS = {
    "pnpm": ("pnpm-lock.yaml", "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies: {}\n"),
    "yarn": ("yarn.lock", "__metadata:\n  version: 8\n"),
    "yarn-classic": ("yarn.lock", "# yarn lockfile v1\n"),
}


@pytest.mark.parametrize(
    ("installer", "fetched", "words", "variables"),
    [
        (
            "pnpm",
            "pnpm@",
            ["install", "--frozen-lockfile", "--prod", "--ignore-scripts", "--cpu=x64"],
            {"npm_config_ignore_scripts": "true"},
        ),
        ("yarn", "@yarnpkg/cli-dist@4.", ["workspaces", "focus", "--production"], {"YARN_ENABLE_SCRIPTS": "0", "YARN_IGNORE_PATH": "1"}),
        ("yarn-classic", "yarn@1.", ["install", "--frozen-lockfile", "--production", "--ignore-scripts"], {"YARN_IGNORE_PATH": "1"}),
    ],
)
def test_the_installer_that_the_recipe_names_is_fetched_once_and_told_to_run_no_script(
    installer: str,
    fetched: str,
    words: list[str],
    variables: dict[str, str],
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lock, text = PROJECTS[installer]
    (root / "package.json").write_text('{"name": "shop"}')
    (root / lock).write_text(text)
    request = request_of(root, tmp_path, lock=lock)
    program = f"#!/bin/sh\n{{ printf '%s\\n' \"$@\"; env | sort; }} >> '{tmp_path}/ran'\nmkdir -p node_modules\n"
    (tmp_path / "program").write_text(program)
    name = "pnpm" if installer == "pnpm" else "yarn"
    # The third word is where npm installs to.
    does = f'mkdir -p "$3/node_modules/.bin" && cp "{tmp_path}/program" "$3/node_modules/.bin/{name}" && chmod +x "$3/node_modules/.bin/{name}"'
    tools = write_tools(tmp_path / "tools", does=does)
    monkeypatch.setenv("PATH", os.pathsep.join([str(tools), "/usr/bin", "/bin"]))
    monkeypatch.setenv("YARN_ENABLE_SCRIPTS", "1")
    for function, value in (("host_os", "linux"), ("host_cpu", "x64"), ("is_glibc", True)):
        monkeypatch.setattr(node_obstacles, function, lambda value=value: value)
    for number in ("first", "second"):
        made(request, tmp_path / number)
    calls = [line for line in (tools / "calls").read_text().splitlines() if line.startswith(fetched)]
    assert len(calls) == 1, "the second time it is there"
    assert "--ignore-scripts" in (tools / "calls").read_text().splitlines()
    ran = (tmp_path / "ran").read_text().splitlines()
    assert set(words) <= set(ran)
    for variable, value in variables.items():
        assert {line for line in ran if line.startswith(f"{variable}=")} == {f"{variable}={value}"}
