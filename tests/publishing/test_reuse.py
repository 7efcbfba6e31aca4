"""What repositories say of layers is believed only where it agrees: requirement "what is reused is verified against its digest and `diff_id`"."""

from __future__ import annotations

import datetime
import gzip
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from optimizer.adapters.registry import upload
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.builders.direct.image import DIFF_ID_ANNOTATION, KEY_ANNOTATION
from optimizer.model.progress import Event, Noted
from optimizer.model.reference import ImageReference
from optimizer.publishing.assembling import assembled
from optimizer.publishing.images import PublishImage
from optimizer.publishing.publish import publish
from optimizer.publishing.tags import key_tag
from tests.adapters.push_server import serving_pushes
from tests.adapters.registry_server import INDEX, sha256
from tests.publishing.fleet import BASE, NAME, Fleet, base_layer

OTHER = "sha256:" + "0" * 64


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    (tmp_path / "project").mkdir()
    with serving_pushes() as registry:
        found = Fleet(registry, tmp_path / "project")
        found.add_base()
        published(found.api())
        yield found


def published(*images: PublishImage, **options: Any) -> tuple[dict[str, str], list[str]]:
    """The source of each layer, and what was noted."""
    events: list[Event] = []
    with HttpRegistry(sleep=lambda seconds: None, now=lambda: datetime.datetime.now(datetime.timezone.utc)) as registry:
        results = publish(images, registry, engine=False, report=events.append, **options)
    return {layer.stage: layer.source for result in results for layer in result.layers}, [e.text for e in events if isinstance(e, Noted)]


def edited(fleet: Fleet, **options: Any) -> PublishImage:
    """The same image with another handler: its model is where it was."""
    return fleet.api("exports.handler = async () => 2;\n", **options)


def model_tag(fleet: Fleet) -> str:
    image = fleet.api()
    return key_tag(image.key(image.plan.stage("models")))


def model_of(manifest: dict[str, Any], tag: str) -> dict[str, Any]:
    return next(layer for layer in manifest["layers"] if layer.get("annotations", {}).get(KEY_ANNOTATION) == tag.removeprefix("layer-"))


def lie(fleet: Fleet, change: Callable[[dict[str, Any], dict[str, Any]], object]) -> str:
    """Change what the model's tag leads to; gives the tag."""
    tag = model_tag(fleet)
    media_type, body = fleet.registry.manifests[f"{NAME}:{tag}"]
    manifest = json.loads(body)
    change(manifest, model_of(manifest, tag))
    fleet.registry.put(f"{NAME}:{tag}", media_type, json.dumps(manifest).encode())
    return tag


def is_right(fleet: Fleet, image: PublishImage, repository: str = NAME) -> bool:
    layers = fleet.manifest(image, repository)["layers"]
    plain = [sha256(gzip.decompress(fleet.registry.blobs[layer["digest"]])) for layer in layers]  # type: ignore[index,attr-defined]
    return plain == fleet.config(image, repository)["rootfs"]["diff_ids"]  # type: ignore[index]


LIES: dict[str, Callable[[dict[str, Any], dict[str, Any]], object]] = {
    "another diff_id": lambda manifest, layer: layer["annotations"].update({DIFF_ID_ANNOTATION: OTHER}),
    "the digest of another layer": lambda manifest, layer: layer.update(digest=manifest["layers"][0]["digest"]),
    "no digest": lambda manifest, layer: layer.pop("digest"),
    "a digest that is none": lambda manifest, layer: layer.update(digest="sha256:../../x"),
    "a size that is none": lambda manifest, layer: layer.update(size="many"),
    "no diff_id": lambda manifest, layer: layer["annotations"].pop(DIFF_ID_ANNOTATION),
    "a diff_id that is none": lambda manifest, layer: layer["annotations"].update({DIFF_ID_ANNOTATION: 7}),
    "annotations that are none": lambda manifest, layer: layer.update(annotations=["x"]),
    "another compression": lambda manifest, layer: layer.update(mediaType="application/vnd.oci.image.layer.v1.tar+zstd"),
    "layers that are none": lambda manifest, layer: manifest.update(layers=7),
    "a layer more than the configuration has": lambda manifest, layer: manifest["layers"].append(dict(layer, annotations={})),
    "no configuration": lambda manifest, layer: manifest.pop("config"),
    "a configuration that is not there": lambda manifest, layer: manifest["config"].update(digest=OTHER),
}


@pytest.mark.parametrize("name", LIES)
def test_a_tag_that_lies_costs_one_build_and_is_noted(name: str, fleet: Fleet) -> None:
    tag = lie(fleet, LIES[name])
    image = edited(fleet)
    sources, notes = published(image)
    assert sources == {"code": "made", "models": "made"}
    assert len(notes) == 1 and notes[0].startswith(f'warning: the image "{fleet.registry.host}/{NAME}:{tag[:18]}..." is not used: ')
    assert is_right(fleet, image)
    # The tag leads to the right image now.
    assert published(fleet.api("exports.handler = async () => 3;\n")) == ({"code": "made", "models": "found"}, [])


@pytest.mark.parametrize("config", [b"", b"[]", b"{", b'{"rootfs": {"diff_ids": 7}}', b'{"rootfs": []}'])
def test_a_configuration_that_is_none_proves_nothing(config: bytes, fleet: Fleet) -> None:
    lie(fleet, lambda manifest, layer: manifest["config"].update(digest=fleet.registry.hold(NAME, config), size=len(config)))
    sources, notes = published(edited(fleet))
    assert (sources["models"], len(notes)) == ("made", 1)


def test_an_index_in_the_place_of_an_image_is_no_layer(fleet: Fleet) -> None:
    fleet.registry.put(f"{NAME}:{model_tag(fleet)}", INDEX, b'{"schemaVersion": 2, "manifests": []}')
    assert published(edited(fleet))[0]["models"] == "made"


def test_a_lie_that_cannot_be_moved_is_noted_each_time(fleet: Fleet) -> None:
    lie(fleet, LIES["another diff_id"])
    fleet.registry.immutable = True
    for number in (2, 3):
        sources, notes = published(fleet.api(f"exports.handler = async () => {number};\n"))
        assert (sources["models"], len(notes)) == ("made", 1)


def test_a_lie_is_told_before_what_goes_wrong_because_of_it(fleet: Fleet) -> None:
    lie(fleet, LIES["another diff_id"])
    image = edited(fleet)
    (image.directory / "layers/models.tar").unlink()
    events: list[Event] = []
    with HttpRegistry() as registry, pytest.raises(Exception, match="is missing"):
        publish([image], registry, engine=False, report=events.append)
    assert any(isinstance(event, Noted) for event in events)


def test_a_configuration_is_read_once_however_many_layers_it_proves(fleet: Fleet) -> None:
    """Requirement: "at most one request for a layer that is there", and one for each image that tags lead to."""
    image = fleet.api(environment={"STAGE": "test"})
    fleet.registry.calls.clear()
    sources, _ = published(image)
    assert set(sources.values()) == {"found"}
    configs = [path for method, path in fleet.registry.calls if method == "GET" and "/blobs/" in path and f"/v2/{NAME}/" in path]
    assert len(configs) == 1
    assert len([path for _, path in fleet.registry.calls if "/manifests/layer-" in path]) == 2


# What tags say is there, and is not.


def test_a_layer_that_is_gone_is_made_again(fleet: Fleet) -> None:
    image, tag = edited(fleet), model_tag(fleet)
    digest = model_of(json.loads(fleet.registry.manifests[f"{NAME}:{tag}"][1]), tag)["digest"]
    fleet.registry.held[NAME].discard(digest)
    sources, notes = published(image)
    assert sources["models"] == "made"
    assert notes == [f'warning: the layer "models" is not in "{fleet.registry.host}/{NAME}", where its tag says that it is']
    assert digest in fleet.registry.held[NAME] and is_right(fleet, image)


def test_layers_of_the_base_that_are_gone_are_brought_again(fleet: Fleet) -> None:
    image = edited(fleet)
    gone = {layer["digest"] for layer in json.loads(fleet.registry.manifests[f"{BASE}:22"][1])["layers"]}
    fleet.registry.held[NAME] -= gone
    assert published(image)[0] == {"code": "made", "models": "found"}
    assert gone <= fleet.registry.held[NAME]


# Other repositories.


def elsewhere(fleet: Fleet) -> dict[str, Any]:
    fleet.registry.mounts = False
    return {"reuse": [ImageReference.parse(f"{fleet.registry.host}/{NAME}")]}


def test_what_another_repository_has_is_copied_and_checked(fleet: Fleet) -> None:
    image = edited(fleet, repositories=("production",))
    assert published(image, **elsewhere(fleet)) == ({"code": "made", "models": "copied"}, [])
    assert is_right(fleet, image, "production")


@pytest.mark.parametrize("right", [True, False])
def test_a_copy_that_goes_on_is_checked_whole(right: bool, fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sent are only the bytes that are missing; what a layer unpacks to, all of them tell."""
    monkeypatch.setattr(upload, "PART", 20_000)
    (fleet.root / "models" / "ranker.bin").write_bytes(os.urandom(100_000))
    published(fleet.api())
    if not right:
        other = gzip.compress(base_layer("other", os.urandom(100_000)))
        lie(fleet, lambda manifest, layer: layer.update(digest=fleet.registry.hold(NAME, other), size=len(other)))
    image = edited(fleet, repositories=("production",))
    fleet.registry.broken_uploads, fleet.registry.cut_uploads, fleet.registry.received = "kept", [50_000], 0
    sources, notes = published(image, **elsewhere(fleet))
    assert (sources["models"], len(notes)) == (("copied", 0) if right else ("made", 1))
    assert is_right(fleet, image, "production")
    assert fleet.registry.received < 120_000


@pytest.mark.parametrize("what", ["gone", "damaged", "another tree", "no gzip"])
def test_what_another_repository_has_not_is_made_here(what: str, fleet: Fleet) -> None:
    """Requirement: "Reuse is never wrong"."""
    tag = model_tag(fleet)
    digest = model_of(json.loads(fleet.registry.manifests[f"{NAME}:{tag}"][1]), tag)["digest"]
    data = fleet.registry.blobs[digest]
    if what == "gone":
        fleet.registry.held[NAME].discard(digest)
    elif what == "damaged":
        fleet.registry.blobs[digest] = data[:-1] + bytes([data[-1] ^ 1])
    else:
        wrong = gzip.compress(base_layer("another")) if what == "another tree" else b"no gzip"
        lie(fleet, lambda manifest, layer: layer.update(digest=fleet.registry.hold(NAME, wrong), size=len(wrong)))
    image = edited(fleet, repositories=("production",))
    sources, notes = published(image, **elsewhere(fleet))
    assert sources == {"code": "made", "models": "made"}
    (note,) = notes
    assert note.startswith(f'warning: the layer "models" is not taken from "{fleet.registry.host}/{NAME}": ')
    fleet.registry.blobs[digest] = data
    assert is_right(fleet, image, "production")


def test_an_image_for_a_file_believes_no_lie_either(fleet: Fleet) -> None:
    lie(fleet, LIES["another diff_id"])
    events: list[Event] = []
    with HttpRegistry() as registry, assembled(edited(fleet), "x:1", registry, report=events.append, **elsewhere(fleet)) as made:
        assert {layer.stage: layer.source for layer in made.layers} == {"code": "made", "models": "made"}
    assert [event.text for event in events if isinstance(event, Noted)]
