"""Layers that this machine turns out to be unable to make."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from optimizer import Command
from optimizer.adapters import stage_trees
from optimizer.adapters.host import makers
from optimizer.adapters.host.tree import NoImages, Obstacle, TreeRequest
from optimizer.builders.tar import END, TarEntry, header, padding
from optimizer.errors import EngineError
from optimizer.model.progress import Begun, Ended, Event
from optimizer.publishing.images import PublishImage
from optimizer.publishing.making import LayerMaker
from tests.adapters.push_server import serving_pushes
from tests.publishing.fleet import Fleet


class Unable:
    """Sees only when it is at work that an engine has to do it."""

    def obstacle(self, request: TreeRequest) -> str:
        return ""

    def make(self, request: TreeRequest, directory: Path) -> None:
        raise Obstacle("left-pad has no wheel")


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PublishImage]:
    (tmp_path / "project").mkdir()
    with serving_pushes() as registry:
        fleet = Fleet(registry, tmp_path / "project")
        fleet.add_base()
        fleet.write("tool/make.txt", "x")
        image = fleet.image(Command([["make"]], inputs=("tool",), name="packages"))
        monkeypatch.setattr(makers, "HOST_TREES", {image.plan.stage("packages").recipe.kind: Unable()})
        yield image


def test_it_is_built_by_an_engine_with_the_reason(image: PublishImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def build(plan: object, stages: list[str], context: Path, options: object, output: Path, **more: object) -> None:
        content = b"".join([header(TarEntry("packages", "directory", 0o755)), header(TarEntry("packages/a", "file", 0o644, 1)), b"1"])
        output.write_bytes(content + padding(1) + END)

    monkeypatch.setattr(stage_trees, "build_trees", build)
    monkeypatch.setattr(LayerMaker, "_has_engine", lambda self: True)
    events: list[Event] = []
    stage = image.plan.stage("packages")
    with ThreadPoolExecutor(2) as pool:
        made = LayerMaker(tmp_path, pool, events.append, NoImages()).make({"key": (image, stage)}, {})
    assert gzip.decompress(b"".join(made["key"].chunks())).startswith(b"a\0")
    here, built = (event.task for event in events if isinstance(event, Begun))
    assert (here.action, built.action, built.subject, built.place) == ("making", "building", "packages", image.name)
    assert built.reason == "left-pad has no wheel"
    assert [(event.task, event.well) for event in events if isinstance(event, Ended)] == [(here, False), (built, True)]


def test_without_an_engine_the_stage_and_the_reason_are_told(image: PublishImage, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool, pytest.raises(EngineError) as caught:
        LayerMaker(tmp_path, pool, lambda event: None, NoImages(), engine=False).make({"key": (image, image.plan.stage("packages"))}, {})
    (fault,) = caught.value.faults
    assert 'the stage "packages"' in fault.message
    assert "because left-pad has no wheel, and --no-engine rules it out" in fault.message
