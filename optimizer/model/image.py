"""A built image as values: its layers, their entries, and where they came from.

Source: the OCI image specification 1.1 (https://github.com/opencontainers/image-spec)
and Docker's image manifest, version 2, schema 2, which says the same in other media types.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a layer's archive.

    ``path`` has no leading slash, and no trailing one.  ``kind`` is ``file``,
    ``directory``, ``symlink``, ``hardlink``, ``fifo``, ``character device`` or
    ``block device``.  ``mode`` holds permission bits alone; ``mtime`` is in
    seconds since 1970.  ``target`` is where a link points; ``digest`` is the
    SHA-256 of a file's content, in hexadecimal digits.
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
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer.

    ``diff_id`` is the digest of the uncompressed archive.  ``digest`` and
    ``compressed_bytes`` are those of the blob as a registry stores it; None
    where the source has the archive alone, as ``docker save`` does.
    ``created_by`` is the instruction as the builder recorded it.
    """

    diff_id: str
    digest: str | None
    media_type: str
    compressed_bytes: int | None
    uncompressed_bytes: int | None
    created_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image for one platform.

    ``manifest_bytes`` is None where the source has no manifest of a registry.
    ``indexed`` says that the name leads to an image index, of which this is
    one entry; ``attestations`` counts the index's entries that are no images.
    ``history`` holds every instruction, those that made no layer too.
    """

    name: str
    digest: str | None
    media_type: str
    manifest_bytes: int | None
    config_digest: str
    operating_system: str
    architecture: str
    layers: tuple[Layer, ...]
    history: tuple[str, ...] = ()
    indexed: bool = False
    attestations: int = 0


class ImageSource(Protocol):
    """Where an image is read from."""

    image: Image

    def open_layer(self, index: int) -> BinaryIO:
        """The uncompressed archive of a layer, readable from the start to the end; the caller closes it."""

    def entries(self, index: int) -> Iterator[Entry]:
        """The entries of a layer, in the order of its archive."""
