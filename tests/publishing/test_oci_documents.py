"""What is pushed and written is valid by the OCI image specification, and of media types that Lambda takes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from optimizer.adapters.registry.client import HttpRegistry
from optimizer.publishing.assembling import assembled
from optimizer.publishing.outputs import LayoutPublisher
from optimizer.publishing.publish import publish
from tests.adapters.push_server import serving_pushes
from tests.publishing.fleet import DOCKER_LAYER, NAME, OCI_LAYER, Fleet, base_layer
from tests.publishing.oci_documents import faults, image_faults

# https://docs.aws.amazon.com/lambda/latest/dg/images-create.html: Docker's schema 2, and OCI 1.0 and later.  All of one image is of one of them.
TAKEN_BY_LAMBDA = {"application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.config.v1+json", OCI_LAYER}


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    (tmp_path / "project").mkdir()
    with serving_pushes() as registry:
        found = Fleet(registry, tmp_path / "project")
        found.add_base()
        yield found


def documents(fleet: Fleet, **options: Any) -> tuple[bytes, bytes]:
    """Manifest and configuration of an image, as the registry has them."""
    image = fleet.api(**options)
    with HttpRegistry() as registry:
        publish([image], registry, engine=False)
    manifest = fleet.registry.manifests[f"{NAME}:{image.destinations[0].tag}"][1]
    return manifest, fleet.registry.blobs[json.loads(manifest)["config"]["digest"]]


BASES: dict[str, dict[str, Any]] = {
    "of Docker's types": {},
    "of OCI's types": {"media_type": OCI_LAYER},
    "with all settings": {
        "settings": {
            "User": "1000",
            "ExposedPorts": {"8080/tcp": {}},
            "Volumes": {"/data": {}},
            "Cmd": None,
            "Labels": None,
            "WorkingDir": "/var/task",
            "StopSignal": "SIGTERM",
            "Image": "sha256:1",
            "Hostname": "x",
            "OnBuild": None,
        }
    },
}


@pytest.mark.parametrize("base", BASES)
def test_manifest_and_configuration_are_valid(base: str, fleet: Fleet) -> None:
    """Requirement: "manifests valid against the OCI schemas; media types that Lambda takes"."""
    fleet.add_base(base_layer("one"), base_layer("two"), **BASES[base])
    manifest, config = documents(fleet, environment={"STAGE": "a=b c"}, labels={"team": "shop"})
    assert image_faults(manifest, config) == []
    document = json.loads(manifest)
    assert {item["mediaType"] for item in (document, document["config"], *document["layers"])} <= TAKEN_BY_LAMBDA
    assert all(gzip.decompress(fleet.registry.blobs[layer["digest"]]) for layer in document["layers"])


def test_the_documents_of_a_layout_are_valid(fleet: Fleet, tmp_path: Path) -> None:
    with HttpRegistry() as registry, assembled(fleet.api(), "shop/api:test", registry, engine=False) as made:
        LayoutPublisher(tmp_path / "layout").publish(made.image)
    assert faults("layout", (tmp_path / "layout" / "oci-layout").read_bytes()) == []
    index = (tmp_path / "layout" / "index.json").read_bytes()
    assert faults("index", index) == []
    (entry,) = json.loads(index)["manifests"]
    assert entry["mediaType"] in TAKEN_BY_LAMBDA


WRONG: dict[str, tuple[Callable[[Any, Any], object], str]] = {
    "a digest": (lambda manifest, config: manifest["layers"][0].update(digest="sha256:x"), "$.layers[0].digest"),
    "a size": (lambda manifest, config: manifest["config"].update(size=-1), "$.config.size"),
    "a media type": (lambda manifest, config: manifest.update(mediaType="text/plain"), "$.mediaType"),
    "an annotation": (lambda manifest, config: manifest["layers"][0].update(annotations={"a": 1}), "$.layers[0].annotations.a"),
    "no architecture": (lambda manifest, config: config.pop("architecture"), "$: 'architecture'"),
    "a variable": (lambda manifest, config: config["config"]["Env"].append("STAGE"), "$.config.Env["),
    "a time": (lambda manifest, config: config.update(created="yesterday"), "$.created"),
    "a layer less": (lambda manifest, config: manifest["layers"].pop(), "3 layers, and 4 in the configuration"),
    "a step more": (lambda manifest, config: config["history"].append({}), "5 steps of the history have a layer, and there are 4"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_valid_is_found(name: str, fleet: Fleet) -> None:
    fleet.add_base(base_layer("one"), base_layer("two"), media_type=DOCKER_LAYER)
    manifest, config = map(json.loads, documents(fleet))
    change, message = WRONG[name]
    assert image_faults(json.dumps(manifest).encode(), json.dumps(config).encode()) == []
    change(manifest, config)
    (fault,) = image_faults(json.dumps(manifest).encode(), json.dumps(config).encode())
    assert message in fault
