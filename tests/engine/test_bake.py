"""A fleet in one build, against the same images built one by one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.engine.example import ROOT, assets, built_alone, inspected, pin, synth
from tests.engine.services import manifest
from tests.patience import PATIENCE_S

# Not the example's own, whose tags another test counts.
REPOSITORY = "baked-functions"
SHARED = ("packages", "common")


@dataclass
class Fleet:
    """The example app, synthesized and baked."""

    registry: str
    directory: Path
    bake: dict[str, Any]

    def assets(self) -> dict[str, dict[str, Any]]:
        """The sources of all image assets by their tags."""
        return assets(self.directory / "cdk.out")


def baked(registry: str, directory: Path, *options: str) -> str:
    """The text of the bake file, which the tests run where its paths start."""
    argv = [sys.executable, "-m", "optimizer", "bake", "cdk.out", "--repository", f"{registry}/{REPOSITORY}", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(argv, cwd=directory, env=environment, check=True, capture_output=True, text=True, timeout=PATIENCE_S).stdout


@pytest.fixture(scope="module")
def fleet(registry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    directory = tmp_path_factory.mktemp("fleet")
    pin(registry, directory / "optimizer.lock")
    synth(registry, directory / "optimizer.lock", directory / "cdk.out")
    (directory / "bake.json").write_text(baked(registry, directory))
    argv = ["docker", "buildx", "bake", "--file", "bake.json", "--push", "--progress", "plain"]
    result = subprocess.run(argv, cwd=directory, capture_output=True, text=True, timeout=900, check=False)
    assert result.returncode == 0, result.stderr
    made = Fleet(registry=registry, directory=directory, bake=json.loads((directory / "bake.json").read_text()))
    yield made
    tags = [tag for target in made.bake["target"].values() for tag in target.get("tags", ())]
    subprocess.run(["docker", "rmi", *tags], capture_output=True, timeout=PATIENCE_S, check=False)


def test_each_shared_stage_is_one_target(fleet: Fleet) -> None:
    targets = fleet.bake["target"]
    for name in SHARED:
        (shared,) = (target for target in targets if target.startswith(f"{name}-"))
        users = {user for user, target in targets.items() if f"target:{shared}" in target.get("contexts", {}).values()}
        assert users == {"Storefront-Catalog", "Storefront-Orders"}


def test_every_image_is_where_cdk_looks_for_it(fleet: Fleet) -> None:
    with urllib.request.urlopen(f"http://{fleet.registry}/v2/{REPOSITORY}/tags/list", timeout=PATIENCE_S) as answer:
        assert set(fleet.assets()) <= set(json.load(answer)["tags"])
    for tag in fleet.assets():
        assert manifest(fleet.registry, REPOSITORY, tag)["layers"], "Lambda takes no index"
    assert baked(fleet.registry, fleet.directory, "--only-new") == ""


def test_layers_and_configuration_are_those_of_single_builds(fleet: Fleet) -> None:
    """Requirement: "Built with it, images have the same layer digests as when CDK builds them one by one."""
    for tag, source in fleet.assets().items():
        alone = built_alone(fleet.directory / "cdk.out" / source["directory"], source["platform"])
        baked = f"{fleet.registry}/{REPOSITORY}:{tag}"
        assert inspected(baked) == inspected(alone)
