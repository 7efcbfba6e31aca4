"""An image as files: the documents of an OCI layout, and an archive that engines load.

The archive is a layout with the index of ``docker save`` beside its own, so
that old and new engines take it.  It holds no time and no owner: equal images
give equal archives.
Sources: https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md and
https://github.com/moby/moby/blob/v28.0.0/image/tarexport/tarexport.go
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.builders.direct.image import MANIFEST, ImageDocuments
from optimizer.builders.tar import END, TarEntry, header, padding

INDEX = "application/vnd.oci.image.index.v1+json"
LAYOUT_FILE, INDEX_FILE = "oci-layout", "index.json"
REFERENCE_ANNOTATION = "org.opencontainers.image.ref.name"
"""Annotation of an image of a layout: its name there."""
# By which the image store of containerd names what it loads.
_NAME_ANNOTATION = "io.containerd.image.name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """Bytes with their digest and number; ``chunks`` gives them anew each time, and raises where they are not those."""

    digest: str
    size: int
    chunks: Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeImage:
    """An image with all that it consists of: ``name`` is ``NAME:TAG``, ``layers`` are in order, those of the base first."""

    name: str
    documents: ImageDocuments
    layers: tuple[Blob, ...]

    def blobs(self) -> Iterator[Blob]:
        """Every blob once: layers, configuration, manifest."""
        documents = self.documents
        found = {layer.digest: layer for layer in self.layers}
        found[documents.config_digest] = blob_of(documents.config_digest, documents.config)
        found[documents.digest] = blob_of(documents.digest, documents.manifest)
        yield from found.values()

    def descriptor(self) -> dict[str, Any]:
        """The entry of the image in the index of a layout."""
        return {
            "mediaType": MANIFEST,
            "digest": self.documents.digest,
            "size": len(self.documents.manifest),
            "annotations": name_annotations(self.name),
        }


def blob_path(digest: str) -> str:
    """The path of a blob in a layout."""
    return f"blobs/{digest.replace(':', '/')}"


def layout_file() -> bytes:
    """What ``oci-layout`` holds."""
    return _dumped({"imageLayoutVersion": "1.0.0"})


def index_file(manifests: Iterable[Mapping[str, Any]]) -> bytes:
    """What ``index.json`` holds for the entries of images."""
    return _dumped({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(manifests)})


def archive_chunks(image: WholeImage) -> Iterator[bytes]:
    """The archive of an image, as it is read from its blobs."""
    for path in ("blobs", "blobs/sha256"):
        yield header(TarEntry(path, "directory", 0o755))
    for blob in image.blobs():
        yield header(TarEntry(blob_path(blob.digest), "file", 0o644, blob.size))
        yield from blob.chunks()
        yield padding(blob.size)
    saved = [
        {
            "Config": blob_path(image.documents.config_digest),
            "RepoTags": [image.name],
            "Layers": [blob_path(layer.digest) for layer in image.layers],
        }
    ]
    for path, data in (
        (INDEX_FILE, index_file([image.descriptor()])),
        ("manifest.json", json.dumps(saved, separators=(",", ":")).encode()),
        (LAYOUT_FILE, layout_file()),
    ):
        yield header(TarEntry(path, "file", 0o644, len(data)))
        yield data
        yield padding(len(data))
    yield END


def name_annotations(name: str) -> dict[str, str]:
    """What the entry of an image, ``NAME:TAG``, says of its name in the index of a layout."""
    return {_NAME_ANNOTATION: full_name(name), REFERENCE_ANNOTATION: name.rpartition(":")[2]}


def full_name(name: str) -> str:
    """A name with the registry that Docker means where there is none."""
    first, slash, _ = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"


def blob_of(digest: str, data: bytes) -> Blob:
    """The blob of bytes that are known."""
    return Blob(digest=digest, size=len(data), chunks=lambda: (data,))


def _dumped(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
