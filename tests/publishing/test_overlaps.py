"""Trees that bring the same to one place are told of, once they are at hand, and are whole trees all the same."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimizer import Command, Files
from optimizer.adapters import stage_trees
from optimizer.adapters.images.tar import Budget, TarReader
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.builders.direct.image import KEY_ANNOTATION
from optimizer.builders.tar import END, TarEntry, header, padding
from optimizer.model.image import Entry
from optimizer.model.progress import Event, Noted
from optimizer.publishing.assembling import assembled
from optimizer.publishing.images import PublishImage
from optimizer.publishing.making import LayerMaker
from optimizer.publishing.publish import publish
from tests.adapters.push_server import serving_pushes
from tests.publishing.fleet import NAME, Fleet


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    (tmp_path / "project").mkdir()
    monkeypatch.setattr(LayerMaker, "_has_engine", lambda self: True)
    with serving_pushes() as registry:
        found = Fleet(registry, tmp_path / "project")
        found.add_base()
        yield found


def built(monkeypatch: pytest.MonkeyPatch, name: str, content: bytes) -> None:
    """Let an engine make a tree with one file at /opt."""

    def build(plan: object, stages: list[str], context: Path, options: object, output: Path, **more: object) -> None:
        entries = [header(TarEntry(path, "directory", 0o755)) for path in ("made", "made/opt")]
        entry = header(TarEntry(f"made/opt/{name}", "file", 0o644, len(content)))
        output.write_bytes(b"".join([*entries, entry, content, padding(len(content)), END]))

    monkeypatch.setattr(stage_trees, "build_trees", build)


def image(fleet: Fleet) -> PublishImage:
    fleet.write("files/x", "1")
    fleet.write("files/y", "2")
    return fleet.image(Command([["make"]], name="made"), Files("files", to="/opt/", name="files"))


WARNING = (
    'warning: App/Function: "/opt/x" comes from "files", and just the same from "made": one image store of Docker would leave it out of '
    "the second layer, and the other would not; leave it out of one of the two, for instance with exclude"
)


def test_the_same_file_of_two_trees_is_told_with_both_steps(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    built(monkeypatch, "x", b"1")
    events: list[Event] = []
    with HttpRegistry() as registry:
        (result,) = publish([image(fleet)], registry, report=events.append)
        assert Noted(WARNING) in events
        # The layer is the whole tree: the key of another image may lead to it.
        assert [entry.path for entry in entries(fleet, result.layers[1].key)] == ["opt", "opt/x"]
        events.clear()
        with assembled(image(fleet), "x:1", registry, report=events.append):
            assert Noted(WARNING) in events


def entries(fleet: Fleet, key: str) -> list[Entry]:
    layers = json.loads(fleet.registry.manifests[f"{NAME}:layer-{key}"][1])["layers"]
    (digest,) = (layer["digest"] for layer in layers if layer.get("annotations", {}).get(KEY_ANNOTATION) == key)
    archive = io.BytesIO(gzip.decompress(fleet.registry.blobs[digest]))
    return list(TarReader(archive, "the layer", Budget()))


@pytest.mark.parametrize(("name", "content"), [("x", b"2"), ("x", b"11"), ("z", b"1")])
def test_another_content_or_place_is_none(name: str, content: bytes, fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    built(monkeypatch, name, content)
    events: list[Event] = []
    with HttpRegistry() as registry:
        publish([image(fleet)], registry, report=events.append)
    assert not any(isinstance(event, Noted) for event in events)
