"""Packages of the operating system: an engine makes their layers once, and the image is assembled without it."""

from __future__ import annotations

import datetime
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from optimizer import Command, SourceCode, SystemPackages
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.credentials import DefaultCredentials
from optimizer.model.publication import ImageResult
from optimizer.publishing.images import PublishImage
from optimizer.publishing.publish import publish
from tests.engine.daemon import daemon
from tests.engine.example import inspected
from tests.engine.planned import planned_image
from tests.engine.recorded import RecordedDocker
from tests.patience import PATIENCE_S

ALONE = "optimizer-system-packages:alone"
STEPS = (
    SystemPackages(["make"], name="system"),
    SystemPackages(["patch"], name="more", after=["system"]),
    Command([["sh", "-c", "mkdir /layer/tree/opt && make --version > /layer/tree/opt/made"]], after=["more"], name="made"),
    SourceCode("code", name="code"),
)


def image(registry: str, directory: Path, repository: str, handler: str = "def handler(event, context): return 1\n") -> PublishImage:
    (directory / "code").mkdir(parents=True)
    (directory / "code" / "app.py").write_text(handler)
    (directory / "code" / "now").write_text(str(datetime.datetime.now()))
    return planned_image(registry, directory, *STEPS, runtime="python3.13", destinations=[f"{registry}/{repository}:{directory.name}"])


def published(wanted: PublishImage, *, engine: bool = True) -> ImageResult:
    with HttpRegistry(DefaultCredentials()) as client:
        (result,) = publish([wanted], client, host=False, engine=engine)
    return result


def sources(result: ImageResult) -> dict[str, str]:
    return {layer.stage: layer.source for layer in result.layers}


def built(wanted: PublishImage) -> str:
    """The name of the image that the engine builds of the whole Dockerfile, with what it has in its cache."""
    argv = ["docker", "build", "--quiet", "--platform", wanted.plan.platform, "--network", "host", "--tag", ALONE, "."]
    subprocess.run(argv, cwd=wanted.directory, capture_output=True, timeout=600, check=True)
    return ALONE


def run(image: str, command: Sequence[str]) -> str:
    argv = ["docker", "run", "--rm", "--network", "none", "--entrypoint", command[0], image, *command[1:]]
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout


def test_the_engine_makes_their_layers_once(registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "An engine, for that stage alone …; the image is still assembled and pushed without a load"."""
    docker = RecordedDocker.write(tmp_path / "docker")
    monkeypatch.setenv("PATH", docker.path)
    first = image(registry, tmp_path / "first", "system-functions")
    result = published(first)
    assert sources(result) == dict.fromkeys(("system", "more", "made", "code"), "made")
    assert docker.names() and docker.leftovers() == []
    subprocess.run(["docker", "pull", "--quiet", result.reference], capture_output=True, check=True, timeout=PATIENCE_S)
    try:
        assert "GNU Make" in run(result.reference, ["make", "--version"])
        assert "GNU patch" in run(result.reference, ["patch", "--version"])
        assert "GNU Make" in run(result.reference, ["cat", "/opt/made"])
        # The same engine has the stages in its cache, so that its image has the very layers.
        assert inspected(result.reference) == inspected(built(first))
    finally:
        subprocess.run(["docker", "image", "rm", "--force", result.reference, ALONE], capture_output=True, check=False, timeout=PATIENCE_S)

    # Another function finds them, on a machine without an engine.
    second = image(registry, tmp_path / "second", "system-functions", "def handler(event, context): return 2\n")
    with pytest.raises(Exception, match='has the stage "code"') as caught:
        published(second, engine=False)
    assert "system" not in str(caught.value)
    found = sources(published(second))
    assert found == {"system": "found", "more": "found", "made": "found", "code": "made"}


def test_both_image_stores_give_theirs(
    registry: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = image(registry, tmp_path / "other", "system-functions-other")
    # The path of a socket has at most 104 characters.
    with daemon(tmp_path_factory.mktemp("store"), containerd_store=True) as engine:
        for name, value in engine.environment.items():
            monkeypatch.setenv(name, value)
        result = published(wanted)
        assert sources(result)["system"] == "made"
        alone = built(wanted)
        engine.docker("pull", "--quiet", result.reference)
        assert inspected(result.reference) == inspected(alone)
