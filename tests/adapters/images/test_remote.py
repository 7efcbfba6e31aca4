from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from optimizer.adapters.images.layers import LayerPass
from optimizer.adapters.images.remote import open_remote
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.media_types import INDEX_TYPES
from optimizer.errors import ImageError, RegistryError
from optimizer.model.reference import ImageReference
from tests.adapters.registry_server import RegistryServer, serving
from tests.images.archives import OCI_GZIP, OCI_INDEX, OCI_MANIFEST, blobs_of, directory, file, sha256, tar, zipped

LAYERS = (tar(directory("var")), tar(directory("var"), file("var/data", bytes(range(256)) * 20_000)))


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    with serving() as registry:
        yield registry


class Client:
    """The image ``shop:1`` of a server, read by a registry client that sleeps on paper."""

    def __init__(self, server: RegistryServer, **options: object) -> None:
        self.server = server
        self.slept: list[float] = []
        self.registry = HttpRegistry(sleep=self.slept.append)
        blobs, self.top = blobs_of(LAYERS, **options)  # type: ignore[arg-type]
        server.blobs.update(blobs)
        for digest, data in blobs.items():
            if digest == self.top["digest"]:
                server.put("shop:1", self.top["mediaType"], data)
            elif b'"layers"' in data:
                server.put("shop:other", OCI_MANIFEST, data)

    def read(self, platform: str | None = None) -> list[list[str]]:
        with self.registry:
            source = open_remote(self.registry, ImageReference.parse(f"{self.server.host}/shop:1"), platform)
            found = []
            for number in range(len(source.image.layers)):
                with LayerPass(source, number) as reading:
                    found.append([entry.path for entry in reading.entries()])
            self.image = source.image
            return found

    def refusal(self, platform: str | None = None) -> str:
        with pytest.raises((RegistryError, ImageError)) as raised:
            self.read(platform)
        return str(raised.value).partition("\n")[0].replace(self.server.host, "HOST")


def test_an_image_is_read_layer_by_layer(server: RegistryServer) -> None:
    client = Client(server)
    assert client.read() == [["var"], ["var", "var/data"]]
    image = client.image
    assert (image.source, image.digest, image.media_type, image.indexed) == ("registry", client.top["digest"], OCI_MANIFEST, False)
    assert image.manifest_bytes == client.top["size"]
    assert [(layer.digest, layer.compressed_bytes, layer.media_type) for layer in image.layers] == [
        (sha256(zipped(layer)), len(zipped(layer)), OCI_GZIP) for layer in LAYERS
    ]


def test_an_index_is_noted(server: RegistryServer) -> None:
    client = Client(server, attestation=True)
    client.read()
    assert (client.image.indexed, client.image.platforms, client.image.attestations) == (True, ("linux/amd64",), 1)
    assert client.image.digest != client.top["digest"]
    assert OCI_INDEX in INDEX_TYPES
    message = 'the index of "HOST/shop:1" has no image for linux/arm64; found: linux/amd64'
    assert client.refusal("linux/arm64") == message


def test_a_broken_connection_is_taken_up_where_it_broke(server: RegistryServer) -> None:
    client = Client(server)
    server.cut_blobs = [1000, 5]
    assert client.read() == [["var"], ["var", "var/data"]]
    assert server.ranges == ["bytes=1000-", "bytes=1005-"]
    assert client.slept == [0.5, 1.0]


def test_a_registry_without_ranges_is_read_from_the_start_again(server: RegistryServer) -> None:
    client = Client(server)
    server.cut_blobs, server.knows_ranges = [1000], False
    assert client.read() == [["var"], ["var", "var/data"]]


def test_a_connection_that_breaks_again_and_again_is_an_error(server: RegistryServer) -> None:
    client = Client(server)
    server.cut_blobs = [10] * 9
    assert client.refusal().startswith('registry "HOST" cannot be reached for "HOST/shop:1": ')
    assert len(client.slept) == 4


def test_a_blob_is_checked_against_its_digest_and_size(server: RegistryServer) -> None:
    client = Client(server)
    digest, data = sha256(zipped(LAYERS[1])), zipped(LAYERS[1])
    # The gzip header's byte for the operating system: same size, same content, another blob.
    server.blobs[digest] = data[:9] + b"\x07" + data[10:]
    assert client.refusal() == f'the blob {digest[:19]} of "HOST/shop:1" has another content than the digest that its manifest says'
    server.blobs[digest] = data + b"more"
    assert client.refusal() == f'the blob {digest[:19]} of "HOST/shop:1" has more than the {len(data)} bytes that its manifest says'


def test_a_log_in_that_ends_is_renewed_in_the_middle(server: RegistryServer) -> None:
    server.auth = "bearer"
    assert Client(server).read() == [["var"], ["var", "var/data"]]


def test_blobs_may_be_served_elsewhere(server: RegistryServer) -> None:
    server.redirect_blobs = True
    assert Client(server).read() == [["var"], ["var", "var/data"]]


def test_a_missing_blob_is_an_error(server: RegistryServer) -> None:
    client = Client(server)
    server.missing = sha256(zipped(LAYERS[0]))
    assert client.refusal() == 'registry "HOST" does not know a blob of "HOST/shop:1" (404, BLOB_UNKNOWN: blob unknown)'


def test_a_wrong_manifest_is_an_error(server: RegistryServer) -> None:
    client = Client(server)
    server.put("shop:1", OCI_MANIFEST, json.dumps({"layers": 3}).encode())
    assert client.refusal() == 'the manifest of "HOST/shop:1" has no list of layers'
