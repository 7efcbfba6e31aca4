"""Packages of the operating system: layers of stages in place, found and made together."""

from __future__ import annotations

import contextlib
import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from optimizer import Files, SourceCode, SystemPackages
from optimizer.adapters import stage_layers as adapter
from optimizer.adapters.engine import Engine
from optimizer.adapters.engine_clients import Client, EngineClient
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.stage_layers import stage_layers
from optimizer.builders.direct.files import archive_chunks
from optimizer.builders.direct.image import KEY_ANNOTATION
from optimizer.errors import EngineError
from optimizer.model.build import BuildOptions
from optimizer.model.plan import BuildPlan, Stage
from optimizer.model.publication import ImageResult
from optimizer.model.reference import ImageReference
from optimizer.publishing.assembling import assembled
from optimizer.publishing.images import PublishImage
from optimizer.publishing.making import LayerMaker
from optimizer.publishing.publish import publish
from tests.adapters.push_server import serving_pushes
from tests.adapters.registry_server import sha256
from tests.publishing.fleet import BASE, NAME, Fleet, base_layer
from tests.publishing.platforms import add_platform_base

MAKE, PATCH = SystemPackages(["make"], name="system"), SystemPackages(["patch"], name="more", after=["system"])


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    (tmp_path / "project").mkdir()
    with serving_pushes() as registry:
        found = Fleet(registry, tmp_path / "project")
        found.add_base()
        found.write("code/index.js", "1")
        yield found


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The names of stages in each build of an engine, no two of which give the same layers."""
    found: list[list[str]] = []

    def build(plan: BuildPlan, context: Path, options: BuildOptions, base: Sequence[str]) -> Iterator[tuple[Stage, Iterator[bytes]]]:
        assert base == (sha256(base_layer("base-one")), sha256(base_layer("base-two")))
        stages = [stage for stage in plan.stages if stage.in_place]
        found.append([stage.name for stage in stages])
        for stage in stages:
            yield stage, iter([f"{stage.name} of build {len(found)}".encode()])

    monkeypatch.setattr(adapter, "stage_layers", build)
    monkeypatch.setattr(LayerMaker, "_has_engine", lambda self: True)
    return found


def published(*images: PublishImage) -> tuple[ImageResult, ...]:
    with HttpRegistry() as registry:
        return publish(images, registry)


def contents(fleet: Fleet, image: PublishImage, repository: str = NAME) -> list[bytes]:
    """What the layers above the base hold, but for that of the code."""
    layers = fleet.manifest(image, repository)["layers"]
    return [gzip.decompress(fleet.registry.blobs[layer["digest"]]) for layer in layers[2:-1]]  # type: ignore[index]


def code(fleet: Fleet, text: str) -> SourceCode:
    fleet.write("code/index.js", text)
    return SourceCode("code", name="code")


def test_their_layers_lie_between_the_base_and_the_trees(fleet: Fleet, builds: list[list[str]]) -> None:
    image = fleet.image(MAKE, PATCH, code(fleet, "1"))
    (result,) = published(image)
    assert builds == [["system", "more"]]
    assert [layer.stage for layer in result.layers] == ["system", "more", "code"]
    assert contents(fleet, image) == [b"system of build 1", b"more of build 1"]
    config = fleet.config(image)
    assert [step["created_by"] for step in config["history"]] == [
        "base",
        "base",
        "System packages make",
        "System packages patch",
        "Code of code",
    ]
    assert config["config"]["Labels"] == {"lambda-image-optimizer.layers": "code"}, "as the Dockerfile has it"


def test_they_are_found_together(fleet: Fleet, builds: list[list[str]]) -> None:
    """The packages of one layer fit the database of packages in the other: both are of one build."""
    published(fleet.image(MAKE, PATCH, code(fleet, "1")))
    image = fleet.image(MAKE, PATCH, code(fleet, "2"))
    before = len(fleet.registry.requests)
    (result,) = published(image)
    assert [layer.source for layer in result.layers] == ["found", "found", "made"]
    asked = [path for path in fleet.registry.requests[before:] if "/manifests/layer-" in path]
    assert len(set(asked)) == 2, "one tag for both layers, and one for the code"
    assert (len(builds), contents(fleet, image)) == (1, [b"system of build 1", b"more of build 1"])
    key = image.kept.keys["more"]
    tagged = json.loads(fleet.registry.manifests[f"{NAME}:layer-{key}"][1])["layers"]
    assert [layer["annotations"][KEY_ANNOTATION] for layer in tagged[2:4]] == [f"{key}.0", key]


def test_another_chain_is_another_build(fleet: Fleet, builds: list[list[str]]) -> None:
    """The lower stage has one key in both images, and its layer was made without the upper one."""
    alone, both = fleet.image(MAKE, code(fleet, "1")), fleet.image(MAKE, PATCH, code(fleet, "2"))
    assert alone.kept.keys["system"] == both.kept.keys["system"]
    published(alone)
    published(both)
    assert builds == [["system"], ["system", "more"]]
    assert contents(fleet, both) == [b"system of build 2", b"more of build 2"]


@pytest.mark.parametrize("stage", ["system", "more"])
@pytest.mark.parametrize("repository", [NAME, "production"])
def test_one_that_is_gone_has_all_of_them_made_again(stage: str, repository: str, fleet: Fleet, builds: list[list[str]]) -> None:
    first = fleet.image(MAKE, PATCH, code(fleet, "1"))
    published(first)
    layer = fleet.manifest(first)["layers"][{"system": 2, "more": 3}[stage]]  # type: ignore[index]
    fleet.registry.held[NAME].discard(layer["digest"])
    image = fleet.image(MAKE, PATCH, code(fleet, "2"), repositories=(repository,))
    with HttpRegistry() as registry:
        # In another repository it turns out when the layer is copied, and not when it is named.
        fleet.registry.mounts = False
        publish([image], registry, reuse=[ImageReference.parse(f"{fleet.registry.host}/{NAME}")])
    assert len(builds) == 2
    assert contents(fleet, image, repository) == [b"system of build 2", b"more of build 2"]


def test_each_platform_stands_on_its_own_base(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """One pinned index is the base of both, and has other layers for each."""
    add_platform_base(fleet.registry)
    bases: dict[str, Sequence[str]] = {}

    def build(plan: BuildPlan, context: Path, options: BuildOptions, base: Sequence[str]) -> Iterator[tuple[Stage, Iterator[bytes]]]:
        bases[plan.platform] = base
        yield plan.stage("system"), iter([plan.platform.encode()])

    monkeypatch.setattr(adapter, "stage_layers", build)
    monkeypatch.setattr(LayerMaker, "_has_engine", lambda self: True)
    one = fleet.image(MAKE, code(fleet, "1"))
    other = replace(fleet, architecture="arm64").image(MAKE, code(fleet, "1"))
    assert one.plan.base == other.plan.base
    published(one, other)
    assert bases == {f"linux/{name}": (sha256(base_layer(f"base-{name}")),) for name in ("amd64", "arm64")}


def test_without_an_engine_the_stage_is_named(fleet: Fleet) -> None:
    with HttpRegistry() as registry, pytest.raises(EngineError) as caught:
        publish([fleet.image(MAKE, code(fleet, "1"))], registry, engine=False)
    (fault,) = caught.value.faults
    assert (
        'the stage "system" (System packages make); it needs a container engine, because it changes the base\'s own file' in fault.message
    )


@pytest.fixture
def saved(fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """An engine whose every build is the base with two layers on top; the words of its calls."""
    image = fleet.image(Files("code", to="/opt/a/", name="a"), Files("code", to="/opt/b/", name="b"))
    path = tmp_path / "saved.tar"
    with HttpRegistry() as registry, assembled(image, "x:1", registry) as found:
        path.write_bytes(b"".join(archive_chunks(found.image)))
    calls: list[list[str]] = []

    class Recorded(Engine):
        _client = EngineClient(Client.BUILDKIT)

        def build(self, options: Sequence[str], directory: Path, environment: object = None) -> None:
            calls.append(["build", *options])

        @contextlib.contextmanager
        def saved(self, name: str) -> Iterator[Path]:
            yield path

        def remove(self, name: str) -> None:
            calls.append(["remove", name])

    monkeypatch.setattr(adapter, "Engine", Recorded)
    return calls


def base_of(fleet: Fleet) -> list[str]:
    config = json.loads(fleet.registry.manifests[f"{BASE}:22"][1])["config"]["digest"]
    return list(json.loads(fleet.registry.blobs[config])["rootfs"]["diff_ids"])


def test_what_lies_above_the_base_is_taken_of_an_image_that_does_not_stay(fleet: Fleet, saved: list[list[str]]) -> None:
    image = fleet.image(MAKE, PATCH, code(fleet, "1"))
    found = [(stage.name, b"".join(chunks)) for stage, chunks in stage_layers(image.plan, image.directory, BuildOptions(), base_of(fleet))]
    assert [(name, data[:3]) for name, data in found] == [("system", b"opt"), ("more", b"opt")]
    (build, remove) = saved
    assert build[1:4] == ["--file=Dockerfile", "--platform=linux/amd64", "--target=more"]
    assert build[4] == f"--tag={remove[1]}"


def test_an_engine_that_makes_other_layers_is_refused(fleet: Fleet, saved: list[list[str]]) -> None:
    one = fleet.image(MAKE, code(fleet, "1"))
    with pytest.raises(EngineError, match='built "system" with 4 layers; allowed: the 2 of ".*" and 1 more, one for each stage'):
        list(stage_layers(one.plan, one.directory, BuildOptions(), base_of(fleet)))
    both = fleet.image(MAKE, PATCH, code(fleet, "1"))
    with pytest.raises(EngineError, match="with 4 layers"):
        list(stage_layers(both.plan, both.directory, BuildOptions(), base_of(fleet)[::-1]))
    assert [call[0] for call in saved] == ["build", "remove", "build", "remove"]


@pytest.mark.parametrize("client", [Client.PODMAN, Client.BUILDAH])
def test_podman_makes_no_layer_that_others_take(
    client: Client, fleet: Fleet, saved: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requirement: "where it would be wrong, refused with a hint": its layers of a RUN hold files of its own."""
    monkeypatch.setattr(adapter.Engine, "_client", EngineClient(client))
    image = fleet.image(MAKE, code(fleet, "1"))
    with pytest.raises(EngineError, match="podman leaves files of its own in the layer of a RUN") as caught:
        list(stage_layers(image.plan, image.directory, BuildOptions(), base_of(fleet)))
    (fault,) = caught.value.faults
    assert (fault.place, fault.hint, saved) == ("system", "set OPTIMIZER_DOCKER=docker, or another client of BuildKit", [])
