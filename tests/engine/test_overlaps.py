"""What lies below a layer: the same file twice, and links of the base, by both ways to an image."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from optimizer import Command, Files
from optimizer.adapters.engine import Engine
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.credentials import DefaultCredentials
from optimizer.errors import EngineError
from optimizer.model.progress import Event, Noted
from optimizer.publishing.assembling import assembled
from tests.engine.example import built_alone, inspected
from tests.engine.planned import planned_image

GO = "public.ecr.aws/docker/library/golang:1.25"
LIB = ["sh", "-c", "mkdir -p /layer/tree/lib && touch /layer/tree/lib/x.so"]


def test_a_tree_that_repeats_a_file_is_the_layer_of_dockers_own_store(registry: str, tmp_path: Path) -> None:
    """Requirement: "or make one defined result": a whole tree, and a warning with the names of the steps."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "x").write_text("1")
    make = Command([["mkdir", "-p", "/layer/tree/opt"], ["sh", "-c", "printf 1 > /layer/tree/opt/x"]], name="made")
    wanted = planned_image(registry, tmp_path, make, Files("files", to="/opt/", name="files"))
    events: list[Event] = []
    with HttpRegistry(DefaultCredentials()) as client, assembled(wanted, "overlap:1", client, report=events.append) as found:
        diff_ids = json.loads(found.image.documents.config)["rootfs"]["diff_ids"]
    (noted,) = [event.text for event in events if isinstance(event, Noted)]
    assert noted.startswith('warning: image: "/opt/x" comes from "files", and just the same from "made"')
    assert diff_ids == inspected(built_alone(wanted.directory, wanted.plan.platform))[0]


@pytest.mark.parametrize("runtime", ["python3.13", "nodejs22.x", "ruby3.3", "provided.al2023"])
def test_a_directory_over_a_link_of_the_base_ends_the_stage(runtime: str, registry: str, tmp_path: Path) -> None:
    """Requirement: "a directory over a link of the base: refused, with the step's name"; nothing would start in such an image."""
    wanted = planned_image(registry, tmp_path, Command([LIB], name="libraries"), runtime=runtime)
    message = "/layer/tree/lib: a directory of this name would replace a link of the image, /lib; write to /usr/lib instead"
    with pytest.raises(EngineError, match="libraries") as caught:
        Engine().build(["--network=none"], wanted.directory)
    assert message in str(caught.value)
    with pytest.raises(EngineError) as caught, HttpRegistry(DefaultCredentials()) as client, assembled(wanted, "link:1", client):
        pass
    assert message in str(caught.value)


def test_another_image_under_the_stage_changes_nothing(registry: str, tmp_path: Path) -> None:
    """Its own links are not those of the base, of which the four at the top are known."""
    step = Command([LIB], name="libraries", image=GO)
    wanted = planned_image(registry, tmp_path, step, others=[GO])
    assert str(wanted.plan.stage("libraries").origin).startswith(f"{registry}/docker/library/golang:1.25@")
    with pytest.raises(EngineError, match="/layer/tree/lib: a directory of this name"):
        Engine().build(["--network=none"], wanted.directory)
