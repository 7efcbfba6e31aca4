"""The index of a runtime's images by the calls of the CDK CLI, against a registry of this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimizer import Files
from optimizer.adapters.index_files import PlatformContext, write_index
from tests.adapters.push_server import serving_pushes
from tests.docker_program.calls import Machine, build_words, context_of
from tests.publishing.fleet import NAME, Fleet
from tests.publishing.platforms import add_platform_base

HASH = "cdkasset-" + "5" * 64


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "machine").mkdir()
    return Machine(tmp_path / "machine")


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    (tmp_path / "project").mkdir()
    with serving_pushes() as registry:
        add_platform_base(registry)
        found = Fleet(registry, tmp_path / "project")
        found.write("models/ranker.bin", "model")
        yield found


def index_of(fleet: Fleet, *steps: object) -> Path:
    """The directory of the index of both architectures' images, as synthesis writes it."""
    contexts = []
    for architecture, platform in (("x86_64", "linux/amd64"), ("arm64", "linux/arm64")):
        fleet.architecture = architecture
        directory = context_of(fleet.image(*steps))  # type: ignore[arg-type]
        contexts.append(PlatformContext(platform=platform, digest=directory.name.removeprefix("asset.")))
    return write_index(directory.parent, contexts)


def test_the_calls_of_a_deployment_push_the_index(machine: Machine, fleet: Fleet) -> None:
    """Requirement: "answers CDK's build/tag/push calls and can assemble an index"."""
    directory, target = index_of(fleet, Files("models", to="/opt/ml/")), f"{fleet.registry.host}/{NAME}:one"
    assert machine.run("inspect", HASH).returncode == 1
    machine.succeed(*build_words(HASH), directory=directory)
    machine.succeed("inspect", HASH)
    machine.succeed("tag", HASH, target)
    assert fleet.registry.pushes() == []
    assert machine.succeed("push", target).stderr.splitlines()[-1] == f"pushed {target}"
    index = json.loads(fleet.registry.manifests[f"{NAME}:one"][1])
    assert [item["platform"]["architecture"] for item in index["manifests"]] == ["amd64", "arm64"]
    machine.succeed("push", target)


def test_an_image_that_only_an_engine_builds_is_named(machine: Machine, fleet: Fleet) -> None:
    directory, target = index_of(fleet, Files("models", to="/opt/ml/")), f"{fleet.registry.host}/{NAME}:one"
    for dockerfile in directory.parent.glob("asset.*/Dockerfile"):
        dockerfile.write_text(dockerfile.read_text() + "# mine\n")
    machine.succeed(*build_words(HASH), directory=directory)
    machine.succeed("tag", HASH, target)
    result = machine.run("push", target)
    assert result.returncode == 1
    assert result.stderr.count("error: ") == 2
    assert "the image for linux/arm64 cannot be assembled: its generated Dockerfile was changed" in result.stderr
    assert "Traceback" not in result.stderr
