"""A built image as values: its layers, their entries, and where they came from.

Source: the OCI image specification 1.1 (https://github.com/opencontainers/image-spec)
and Docker's image manifest, version 2, schema 2, which says the same in other media types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Protocol

WHITEOUT = ".wh."
"""Begins the name of an entry that deletes the rest of its name from the layers below."""

LAYERS_LABEL = "lambda-image-optimizer.layers"
"""Label with the names of the stages whose trees are the last layers of an image that this project made, first layer first.

Builders do not record from which stage a layer was copied.
"""

OPAQUE = ".wh..wh..opq"
"""Name of an entry that deletes all that the layers below have in its directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a layer's archive.

    ``path`` has no leading slash, and no trailing one; the root is ``.``.
    ``kind`` is ``file``, ``directory``, ``symlink``, ``hardlink``, ``fifo``,
    ``character device`` or ``block device``.  ``mode`` holds permission bits
    alone; ``mtime`` is in seconds since 1970.  ``target`` is where a link
    points; ``digest`` is the SHA-256 of a file's content, in hexadecimal
    digits, and ``machine`` what an executable or a shared library is for, such
    as ``x86_64`` or ``arm64``; empty for any other file.
    """

    path: str
    kind: str
    mode: int
    uid: int
    gid: int
    mtime: float
    size_bytes: int = 0
    target: str = ""
    digest: str = ""
    machine: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer.

    ``diff_id`` is the digest of the uncompressed archive.  ``digest`` and
    ``compressed_bytes`` are those of the blob as a registry stores it, and
    ``media_type`` is the manifest's; None and empty where the source has the
    archive alone, as ``docker save`` does.  ``created_by`` is the instruction
    as the builder recorded it; empty where the history does not have it.
    """

    diff_id: str
    digest: str | None
    media_type: str
    compressed_bytes: int | None
    created_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryStep:
    """One instruction of an image's history; ``empty`` when it made no layer."""

    created_by: str
    empty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image for one platform.

    ``source`` is ``archive``, ``layout``, ``engine`` or ``registry``.
    ``digest``, ``media_type`` and ``manifest_bytes`` are those of the manifest
    that a registry has; None and empty where the source has none, or one that
    a push would not send.  ``indexed`` says that the name leads to an image
    index, of which this is one entry; ``platforms`` are those of the index's
    images, sorted, as far as it names them, and ``attestations`` counts its
    entries that are no images.  ``stages`` are those of
    :data:`LAYERS_LABEL`; empty without the label.
    """

    name: str
    source: str
    digest: str | None
    media_type: str
    manifest_bytes: int | None
    config_digest: str
    operating_system: str
    architecture: str
    layers: tuple[Layer, ...]
    history: tuple[HistoryStep, ...] = ()
    user: str = ""
    volumes: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    indexed: bool = False
    platforms: tuple[str, ...] = ()
    attestations: int = 0
    stages: tuple[str, ...] = ()


class ImageSource(Protocol):
    """Where an image is read from; closed by the code that opened it."""

    image: Image

    def open_layer(self, index: int) -> BinaryIO:
        """The layer as it is stored, perhaps compressed, to be read once from start to end; the caller closes it."""

    def close(self) -> None:
        """Give back connections and temporary files."""
