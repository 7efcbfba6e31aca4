"""A lock of Node.js packages in several layers is the tree of one installation, and a new release makes one layer new."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer import ImageSpec, Lock, NodeDependencies, SourceCode, plan
from optimizer.adapters.host.makers import HOST_TREES
from optimizer.adapters.host.tree import BaseFacts, SharedTrees, TreeRequest
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.model.packing import Packing
from optimizer.model.plan import BuildPlan
from optimizer.project.files import Project
from tests.engine.both_ways import built, published
from tests.engine.example import inspected
from tests.engine.planned import planned_image
from tests.engine.services import invoke
from tests.patience import PATIENCE_S
from tests.test_golden import GOLDEN

PROJECTS = Path(__file__).parent / "projects"

Entries = dict[str, tuple[str, bytes, bool]]


def listed(tree: Path) -> Entries:
    """What is at each path: its kind, what it holds, and whether it is executable."""
    found: Entries = {}
    for path in sorted(tree.rglob("*")):
        name = str(path.relative_to(tree))
        if path.is_symlink():
            found[name] = ("link", os.readlink(path).encode(), False)
        elif path.is_dir():
            found[name] = ("directory", b"", False)
        else:
            found[name] = ("file", path.read_bytes(), bool(path.stat().st_mode & 0o111))
    return found


class Trees:
    """Makes the trees of a lock on this machine, of one installation."""

    def __init__(self, root: Path, lock: str) -> None:
        self.root, self.lock = root, lock
        self.names = tuple(sorted(name for stage in self._plan((("absent",),)).stages for name in getattr(stage.recipe, "names", ())))
        self._shared = SharedTrees(root.parent)

    def _plan(self, groups: tuple[tuple[str, ...], ...]) -> BuildPlan:
        pins = replace(Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8")), packing=Packing(groups={"nodejs": groups}))
        step = NodeDependencies(self.lock, name="packages", scripts=False)
        return plan(ImageSpec(runtime="nodejs22.x", steps=[step]), pins, root=self.root)

    def made(self, groups: tuple[tuple[str, ...], ...]) -> dict[str, Entries]:
        """What each layer holds."""
        made = self._plan(groups)
        assert made.warnings == ()
        files = Project(self.root)
        context = stage_context(build_context(made, files), files, self.root.parent / "contexts")
        found = {}
        for name in (*(stage.name for stage in made.stages if not stage.layer), *made.layers):
            with tempfile.TemporaryDirectory(dir=self.root.parent) as directory:
                stage = made.stage(name)
                request = TreeRequest(
                    plan=made, stage=stage, context=context, facts=BaseFacts(), source_key="installed", shared=self._shared
                )
                maker, tree = HOST_TREES[stage.recipe.kind], Path(directory, "tree")
                tree.mkdir()
                assert maker.obstacle(request) == ""
                if stage.layer:
                    maker.make(request, tree)
                else:
                    tree = self._shared.tree("installed", partial(maker.make, request), Path(directory))
                found[name] = listed(tree)
        return found


@pytest.fixture(scope="module", params=["package-lock.json", "pnpm-lock.yaml", "yarn.lock"])
def trees(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trees:
    root = tmp_path_factory.mktemp("trees") / "project"
    shutil.copytree(PROJECTS / "node-parts", root)
    return Trees(root, request.param)


@settings(max_examples=4, derandomize=True)
@given(data=st.data())
def test_parts_are_the_tree_of_one_installation(trees: Trees, data: st.DataObject) -> None:
    """Requirement: "the sum of parts is exactly the tree of one install (bit for bit per file, modes, links)"."""
    numbers = data.draw(st.lists(st.integers(0, 3), min_size=len(trees.names), max_size=len(trees.names)))
    groups = tuple(tuple(name for name, number in zip(trees.names, numbers, strict=True) if number == each) for each in (1, 2, 3))
    whole, *parts = trees.made((*filter(None, groups), ("absent",))).values()
    leaves = [path for part in parts for path, entry in part.items() if entry[0] != "directory"]
    assert len(leaves) == len(set(leaves))
    assert {path: entry for part in parts for path, entry in part.items()} == whole


DEPENDENCIES = {"debug": "2.6.9", "ms": "2.1.3", "mime": "1.6.0"}
PACKING = Packing(groups={"nodejs": (("debug", "ms"), ("semver",))})
CODE = """
exports.handler = async () => [require("debug/package.json").version, require("semver").valid("1.2.3"), require("ms")("1 s"),
  require("fs").readlinkSync("/var/task/node_modules/.bin/semver")];
"""


def locked(directory: Path, version: str) -> Path:
    """A project whose lock has semver in that version, and two of ms, one of them nested."""
    root = directory / version
    (root / "src").mkdir(parents=True)
    (root / "src" / "app.js").write_text(CODE)
    manifest = {"name": "shop", "version": "1.0.0", "dependencies": {**DEPENDENCIES, "semver": version}}
    (root / "package.json").write_text(json.dumps(manifest))
    argv = ["npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(argv, cwd=root, check=True, timeout=PATIENCE_S, capture_output=True)
    return root


def test_a_bumped_package_is_the_only_new_layer(registry: str, tmp_path: Path) -> None:
    """Requirement: "bump of another package leaves the part's key and diff_id the same", in both back ends, and the function runs."""
    layers, ids = [], []
    for version in ("7.7.2", "7.7.3"):
        root = locked(tmp_path, version)
        name = f"{registry}/node-parts:{version}"
        steps = (NodeDependencies("package-lock.json", name="packages"), SourceCode("src", name="code"))
        image = planned_image(registry, root, *steps, destinations=[name], packing=PACKING)
        assert image.plan.layers == ("packages-debug", "packages-semver", "packages", "code")
        layers.append(published(image))
        ids.append(built(image, name))
        subprocess.run(["docker", "pull", "--quiet", name], check=True, capture_output=True, timeout=PATIENCE_S)
        assert dict(zip(image.plan.layers, inspected(name)[0][-4:], strict=True)) == ids[-1]
    assert [layer.stage for layer in layers[1] if layer.source != "found"] == ["packages-semver"]
    assert [(layer.stage, layer.pushed == layer.size) for layer in layers[1] if layer.pushed] == [("packages-semver", True)]
    assert {stage for stage in ids[0] if ids[0][stage] != ids[1][stage]} == {"packages-semver"}
    assert invoke(name, "app.handler", {}) == ["2.6.9", "1.2.3", 1000, "../semver/bin/semver.js"]
