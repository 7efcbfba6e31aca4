"""``optimizer bake`` on another driver of buildx than the engine's own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cdk_apps import WITHOUT_TEMPLATE_CHECK
from tests.engine import services
from tests.engine.buildkit import remote_builder
from tests.engine.daemon import daemon
from tests.engine.example import ROOT, pin
from tests.engine.test_compressors import DOCKERFILE, TREES
from tests.engine.test_verify import leftovers, plain_app
from tests.patience import PATIENCE_S

APP = """
import aws_cdk as cdk
from optimizer import Command, ImageSpec, SourceCode
from optimizer.cdk import OptimizedFunction
app = cdk.App()
stack = cdk.Stack(app, "Stack")
made = Command([["sh", "-c", "mkdir -p /layer/opt; seq 100000 > /layer/opt/file; echo executed"]], name="made")
for name in ("One", "Two"):
    spec = ImageSpec(runtime="provided.al2023", steps=[SourceCode(f"functions/{name}"), made])
    OptimizedFunction(stack, name, spec=spec, handler="bootstrap")
app.synth()
"""


@pytest.fixture(scope="module")
def app(registry: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An app of two functions that share a stage, synthesized; its cache goes to the registry of the stand-ins."""
    made = tmp_path_factory.mktemp("app")
    for name in ("One", "Two"):
        (made / "functions" / name).mkdir(parents=True)
        (made / "functions" / name / "bootstrap").write_text(f"#!/bin/sh\n# {name}\n")
    (made / "app.py").write_text(APP)
    pin(registry, made / "optimizer.lock")
    cache = f"registry,repository={registry}/cache-of-drivers,scope=main"
    context = {"aws:cdk:enable-path-metadata": True, "optimizer:mirror": registry, "optimizer:cache": cache}
    environment = {
        **os.environ,
        **WITHOUT_TEMPLATE_CHECK,
        "PYTHONPATH": str(ROOT),
        "CDK_OUTDIR": str(made / "cdk.out"),
        "CDK_CONTEXT_JSON": json.dumps(context),
    }
    subprocess.run([sys.executable, "app.py"], cwd=made, env=environment, check=True, capture_output=True, timeout=PATIENCE_S)
    return made


def bake(app: Path, registry: str, repository: str, builder: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """The builder's log, and the manifests that the registry has afterwards by target."""
    argv = [sys.executable, "-m", "optimizer", "bake", "cdk.out", "--repository", f"{registry}/{repository}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    text = subprocess.run(argv, cwd=app, env=environment, check=True, capture_output=True, text=True, timeout=PATIENCE_S).stdout
    document = json.loads(text)
    if not builder:
        # The classic store of the machine's engine cannot export a cache.
        for target in document["target"].values():
            target.pop("cache-to", None)
    path = app / f"{repository}.json"
    path.write_text(json.dumps(document))
    argv = ["docker", "buildx", "bake", "--file", path.name, "--push", "--progress", "plain"]
    environment = {**os.environ, **builder}
    result = subprocess.run(argv, cwd=app, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert result.returncode == 0, result.stderr
    tags = {name: target["tags"][0] for name, target in document["target"].items() if "tags" in target}
    manifests = {name: services.manifest(registry, repository, tag.rpartition(":")[2]) for name, tag in tags.items()}
    return result.stderr, manifests


def test_a_remote_buildkit_makes_the_layers_of_the_engine_and_shares_its_cache(
    app: Path, registry: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Requirement: "a fleet is built in one solve on any buildx driver […] the same layer digests"."""
    _, by_engine = bake(app, registry, "by-engine", {})
    logs, by_remote = [], []
    for number in range(2):
        directory = tmp_path_factory.mktemp("remote")
        with daemon(directory / "engine", containerd_store=True) as engine, remote_builder(engine, directory / "builder") as builder:
            log, manifests = bake(app, registry, f"by-remote-{number}", builder)
            assert "using remote driver" in log
            logs.append(log)
            by_remote.append(manifests)
    assert set(by_engine) == {"Stack-One", "Stack-Two"}
    for manifests in by_remote:
        # Digests of compressed layers: what a push finds, or does not find, in the registry.
        assert {name: layers(item) for name, item in manifests.items()} == {name: layers(item) for name, item in by_engine.items()}
    # By the output of the step: a result that is fetched from the cache while it is pushed is not called cached.
    executed = [re.findall(r"^#\d+ \d+\.\d+ executed$", log, re.MULTILINE) for log in logs]
    assert [len(lines) for lines in executed] == [1, 0], logs[1]


def layers(manifest: Mapping[str, Any]) -> list[str]:
    return [layer["digest"] for layer in manifest["layers"]]


def test_verify_builds_with_the_builder_that_is_named(engine: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Such a builder keeps its images to itself, unless it is told to hand them over."""
    directory = tmp_path_factory.mktemp("named")
    path = plain_app(directory, DOCKERFILE)
    (asset,) = path.glob("asset.*")
    for name, data in TREES.items():
        (asset / name).write_bytes(data)
    with daemon(directory / "engine", containerd_store=True) as own, remote_builder(own, directory / "builder") as builder:
        argv = [sys.executable, "-m", "optimizer", "verify", str(path)]
        environment = {**os.environ, **own.environment, **builder}
        result = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert (result.returncode, result.stdout) == (
            0,
            "Plain/Api  reproducible  2 layers\n1 image built twice, all layers equal\n",
        ), result.stderr
        assert leftovers(directory, own) == []
