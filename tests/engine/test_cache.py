"""The preset `registry` of build caches, from one fresh builder to another."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cdk_apps import WITHOUT_TEMPLATE_CHECK
from tests.engine import services
from tests.engine.daemon import Daemon, daemon
from tests.engine.example import ROOT, pin
from tests.patience import PATIENCE_S

APP = """
import aws_cdk as cdk
from optimizer import Command, ImageSpec, SourceCode
from optimizer.cdk import OptimizedFunction
app = cdk.App()
steps = [SourceCode("functions"), Command([["sh", "-c", "mkdir -p /layer/tree/opt; echo made > /layer/tree/opt/file"]], name="made")]
spec = ImageSpec(runtime="provided.al2023", steps=steps)
OptimizedFunction(cdk.Stack(app, "Stack"), "Api", spec=spec, handler="bootstrap")
app.synth()
"""


@pytest.fixture(scope="module")
def directory(registry: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An app with one function, synthesized with the preset; its cache goes to the registry of the stand-ins."""
    made = tmp_path_factory.mktemp("cache")
    (made / "functions").mkdir()
    (made / "functions" / "bootstrap").write_text("#!/bin/sh\n")
    (made / "app.py").write_text(APP)
    pin(registry, made / "optimizer.lock")
    context = {"optimizer:mirror": registry, "optimizer:cache": f"registry,repository={registry}/build-cache,scope=main"}
    environment = {
        **os.environ,
        **WITHOUT_TEMPLATE_CHECK,
        "PYTHONPATH": str(ROOT),
        "CDK_OUTDIR": str(made / "cdk.out"),
        "CDK_CONTEXT_JSON": json.dumps(context),
    }
    subprocess.run([sys.executable, "app.py"], cwd=made, env=environment, check=True, capture_output=True, timeout=PATIENCE_S)
    return made


@pytest.fixture
def runners(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[Daemon]]:
    """Fresh builders that can export a cache, one after another."""

    def fresh() -> Iterator[Daemon]:
        for _ in range(2):
            with daemon(tmp_path_factory.mktemp("runner"), containerd_store=True) as made:
                yield made

    iterator = fresh()
    yield iterator
    for _ in iterator:
        pass


def build(runner: Daemon, directory: Path) -> tuple[str, dict[str, Any]]:
    """The builder's log and the image of the app's asset, built with the flags that the CDK CLI takes from the manifest."""
    ((asset, image),) = json.loads((directory / "cdk.out" / "Stack.assets.json").read_text())["dockerImages"].items()
    source = image["source"]
    flags = ["--platform", source["platform"], *(f"--output={output}" for output in source["dockerOutputs"])]
    flags += [word for option in source["cacheFrom"] for word in ("--cache-from", option_text(option))]
    flags += ["--cache-to", option_text(source["cacheTo"])]
    tag = f"cdkasset-{asset}"
    argv = ["build", "--network", "host", "--progress", "plain", "--tag", tag, *flags, "."]
    log = runner.docker(*argv, cwd=directory / "cdk.out" / source["directory"]).stderr
    return log, json.loads(runner.docker("image", "inspect", tag).stdout)[0]


def option_text(option: dict[str, Any]) -> str:
    return ",".join([f"type={option['type']}", *(f"{key}={value}" for key, value in option["params"].items())])


def bake(runner: Daemon, directory: Path, registry: str, attestations: bool) -> dict[str, Any]:
    """What the registry holds after a bake of the app; the engine's own defaults ask for attestations."""
    argv = [sys.executable, "-m", "optimizer", "bake", "cdk.out", "--repository", f"{registry}/baked"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    text = subprocess.run(argv, cwd=directory, env=environment, check=True, capture_output=True, text=True, timeout=PATIENCE_S).stdout
    ((_, target),) = (document := json.loads(text))["target"].items()
    if attestations:
        del target["attest"]
    (directory / "bake.json").write_text(json.dumps(document))
    environment = {**os.environ, "DOCKER_HOST": runner.environment["DOCKER_HOST"]}
    argv = ["docker", "buildx", "bake", "--file", "bake.json", "--push"]
    result = subprocess.run(argv, cwd=directory, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert result.returncode == 0, result.stderr
    return services.manifest(registry, "baked", target["tags"][0].rpartition(":")[2])


def test_a_fresh_builder_takes_every_step_from_the_cache_of_another(runners: Iterator[Daemon], directory: Path, registry: str) -> None:
    _, first = build(next(runners), directory)
    runner = next(runners)
    log, second = build(runner, directory)
    steps = re.findall(r"^#(\d+) \[.*\] (RUN|COPY|ADD) ", log, re.MULTILINE)
    assert len(steps) >= 3, log
    for step, instruction in steps:
        # A copy whose layers are fetched in the meantime is shown with them, and as done.
        mark = "CACHED$" if instruction == "RUN" else "(?:CACHED$|sha256:[0-9a-f]{64} )"
        assert re.search(rf"^#{step} {mark}", log, re.MULTILINE), log
    assert second["RootFS"] == first["RootFS"]
    # Lambda refuses an index.
    assert "layers" in bake(runner, directory, registry, attestations=False)
    assert "manifests" in bake(runner, directory, registry, attestations=True)
