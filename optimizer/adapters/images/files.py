"""Images in files: an archive of ``docker save`` in its old and new forms, and an OCI layout as directory or tar.

Source: https://github.com/moby/docker-image-spec/blob/v1.3.1/v1.2.md and
https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md
"""

from __future__ import annotations

import io
import os
import posixpath
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from optimizer.adapters.images.documents import (
    Descriptor,
    Manifest,
    choose,
    descriptor,
    digest_of,
    image_of,
    parse_document,
    parse_manifest,
)
from optimizer.adapters.images.tar import Budget, TarReader
from optimizer.adapters.registry.media_types import INDEX_TYPES, MAX_DOCUMENT_BYTES
from optimizer.errors import ImageError
from optimizer.model.image import Image

_MAX_NESTING = 4
_MAX_LINKS = 8


class Files(Protocol):
    """Named files, in a directory or in an archive."""

    def has(self, name: str) -> bool:
        """Whether there is a file of that name."""

    def open(self, name: str) -> tuple[BinaryIO, int]:
        """The file and its size in bytes; raises ImageError when there is none."""

    def close(self) -> None:
        """Close the open files."""


class FileSource:
    """An image whose layers are files."""

    def __init__(self, image: Image, files: Files, layers: Sequence[str]) -> None:
        self.image = image
        self._files = files
        self._layers = layers

    def open_layer(self, index: int) -> BinaryIO:
        stream, size = self._files.open(self._layers[index])
        expected = self.image.layers[index].compressed_bytes
        if expected is not None and size != expected:
            stream.close()
            raise ImageError(
                f'layer {index + 1} of "{self.image.name}" has {size} bytes, but the manifest says {expected}',
                hint="the image is truncated: make it again, and check the free disk space",
            )
        return stream

    def close(self) -> None:
        self._files.close()


def open_files(
    path: Path, *, platform: str | None = None, name: str | None = None, source: str | None = None, layout_only: bool = False
) -> FileSource:
    """The image in a file or a directory.

    Raises :class:`ImageError` when it holds none, several, or a damaged one.
    """
    where = f'"{name or path}"'
    files: Files = DirectoryFiles(path, where) if path.is_dir() else TarFiles(path, where)
    try:
        if files.has("manifest.json") and not layout_only:
            return _saved(files, where, name or str(path), source or "archive", platform)
        if files.has("index.json"):
            return _layout(files, where, name or str(path), source or "layout", platform)
    except BaseException:
        files.close()
        raise
    files.close()
    wanted = "index.json" if layout_only else "manifest.json (docker save) or index.json (OCI layout)"
    raise ImageError(f"{where} holds no image: it has no {wanted}", hint="make one: docker save --output image.tar IMAGE")


def _saved(files: Files, where: str, name: str, source: str, platform: str | None) -> FileSource:
    """What ``docker save`` wrote.

    Since Docker 25 it holds an OCI layout as well.  The classic image store
    writes layers uncompressed there, which a push does not send: only a
    layout of compressed layers says what a registry will have.
    """
    if files.has("index.json"):
        found = _resolve(files, where, platform)
        if any(_is_compressed(layer) for layer in found.manifest.layers):
            return _of_layout(files, where, name, source, found)
    entries = _json_list(_read(files, "manifest.json"), f"manifest.json of {where}")
    if len(entries) != 1:
        tags = sorted(str(tag) for entry in entries if isinstance(entry, dict) for tag in entry.get("RepoTags") or [])
        raise ImageError(
            f"{where} holds {len(entries)} images{': ' + ', '.join(tags) if tags else ''}",
            hint="save each image into an archive of its own",
        )
    entry = entries[0]
    layers, config = (entry.get("Layers"), entry.get("Config")) if isinstance(entry, dict) else (None, None)
    if not isinstance(config, str) or not isinstance(layers, list) or not all(isinstance(layer, str) for layer in layers):
        raise ImageError(f"manifest.json of {where} names no configuration or no layers", hint="save the image again")
    image = image_of(name=name, source=source, config=_read(files, config), where=where, blobs=None)
    if len(layers) != len(image.layers):
        raise ImageError(
            f"{where} has {len(layers)} layers, and its configuration {len(image.layers)}", hint="save the image again: it is damaged"
        )
    return FileSource(image, files, layers)


def _layout(files: Files, where: str, name: str, source: str, platform: str | None) -> FileSource:
    return _of_layout(files, where, name, source, _resolve(files, where, platform))


class _Resolved:
    """A manifest of a layout, and how it was found."""

    def __init__(
        self, manifest: Manifest, found: Descriptor, media_type: str, indexed: bool, platforms: tuple[str, ...], attestations: int
    ) -> None:
        self.manifest = manifest
        self.found = found
        self.media_type = media_type
        self.indexed = indexed
        self.platforms = platforms
        self.attestations = attestations


def _resolve(files: Files, where: str, platform: str | None) -> _Resolved:
    document = parse_document(_read(files, "index.json"), f"index.json of {where}")
    indexed, attestations = False, 0
    platforms: tuple[str, ...] = ()
    for _ in range(_MAX_NESTING):
        entries = document.get("manifests")
        if isinstance(entries, list) and len(entries) == 1:
            # One entry, whatever its platform: there is nothing to choose, unless the user names another.
            chosen = descriptor(entries[0], f"the index of {where}")
            given = entries[0].get("platform")
            if platform is not None and isinstance(given, dict):
                chosen = choose(document, platform, f"the index of {where}").descriptor
        else:
            choice = choose(document, platform, f"the index of {where}")
            chosen, attestations, indexed = choice.descriptor, attestations + choice.attestations, True
            platforms = choice.platforms
        data = _read(files, _blob(chosen), chosen)
        document = parse_document(data, f"the manifest of {where}")
        media_type = str(document.get("mediaType") or chosen.media_type)
        if media_type not in INDEX_TYPES and "manifests" not in document:
            return _Resolved(parse_manifest(document, f"the manifest of {where}"), chosen, media_type, indexed, platforms, attestations)
        indexed = True
    raise ImageError(f"{where} has an index of indexes more than {_MAX_NESTING} deep", hint="make the image again")


def _of_layout(files: Files, where: str, name: str, source: str, found: _Resolved) -> FileSource:
    image = image_of(
        name=name,
        source=source,
        config=_read(files, _blob(found.manifest.config), found.manifest.config),
        where=where,
        blobs=found.manifest.layers,
        media_type=found.media_type,
        digest=found.found.digest,
        manifest_bytes=found.found.size_bytes,
        indexed=found.indexed,
        platforms=found.platforms,
        attestations=found.attestations,
    )
    return FileSource(image, files, [_blob(layer) for layer in found.manifest.layers])


def _blob(found: Descriptor) -> str:
    return f"blobs/sha256/{found.digest.removeprefix('sha256:')}"


def _is_compressed(layer: Descriptor) -> bool:
    return layer.media_type.endswith(("gzip", "zstd"))


def _read(files: Files, name: str, expected: Descriptor | None = None) -> bytes:
    stream, size = files.open(name)
    with stream:
        if size > MAX_DOCUMENT_BYTES:
            raise ImageError(
                f'"{name}" has {size} bytes; documents of an image have at most {MAX_DOCUMENT_BYTES}', hint="make the image again"
            )
        data = stream.read()
    if expected is not None and digest_of(data) != expected.digest:
        raise ImageError(f'"{name}" has the digest {digest_of(data)}, not {expected.digest}', hint="the image is damaged: make it again")
    return data


def _json_list(data: bytes, where: str) -> list[Any]:
    # A list has no parser of its own: as the value of an object it has.
    value = parse_document(b'{"list": ' + data + b"}", where).get("list")
    if not isinstance(value, list):
        raise ImageError(f"{where} is not a list of images", hint="save the image again")
    return value


class DirectoryFiles:
    """The files of a directory; links that leave it are refused."""

    def __init__(self, directory: Path, where: str) -> None:
        self._root = os.path.realpath(directory)
        self._where = where

    def has(self, name: str) -> bool:
        return os.path.isfile(self._path(name))

    def open(self, name: str) -> tuple[BinaryIO, int]:
        path = self._path(name)
        try:
            status = os.stat(path)
            if not stat.S_ISREG(status.st_mode):
                raise ImageError(f'"{name}" of {self._where} is not a file', hint="make the layout again")
            return open(path, "rb"), status.st_size
        except OSError as error:
            raise ImageError(f'"{name}" of {self._where} cannot be read: {error.strerror}', hint="make the layout again") from None

    def close(self) -> None:
        pass

    def _path(self, name: str) -> str:
        path = os.path.realpath(os.path.join(self._root, name))
        if not path.startswith(self._root + os.sep):
            raise ImageError(f'"{name}" leaves {self._where}', hint="make the layout again")
        return path


class TarFiles:
    """The files of a tar archive, found by one pass over its headers."""

    def __init__(self, path: Path, where: str) -> None:
        self._where = where
        self._places: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        try:
            if not stat.S_ISREG(os.stat(path).st_mode):
                raise ImageError(f"{where} is neither a file nor a directory", hint="name an archive of docker save, or an OCI layout")
            self._file = open(path, "rb")  # noqa: SIM115 - open until close()
        except OSError as error:
            raise ImageError(f"{where} cannot be read: {error.strerror}", hint="check the path and its permissions") from None
        try:
            self._index(where)
        except BaseException:
            self._file.close()
            raise

    def _index(self, where: str) -> None:
        magic = self._file.read(4)
        if magic[:2] == b"\x1f\x8b" or magic == b"\x28\xb5\x2f\xfd":
            raise ImageError(f"{where} is compressed as a whole", hint="unpack it first, for example: gunzip --keep FILE")
        self._file.seek(0)
        reader = TarReader(self._file, where, Budget(entries=200_000), seekable=True)
        for entry in reader:
            if entry.kind == "file":
                self._places[entry.path] = (reader.offset, entry.size_bytes)
            elif entry.kind in ("symlink", "hardlink"):
                target = entry.target if entry.kind == "hardlink" else posixpath.join(posixpath.dirname(entry.path), entry.target)
                self._links[entry.path] = posixpath.normpath(target)

    def has(self, name: str) -> bool:
        return self._resolved(name) in self._places

    def open(self, name: str) -> tuple[BinaryIO, int]:
        place = self._places.get(self._resolved(name))
        if place is None:
            raise ImageError(f'{self._where} has no "{name}", which it refers to', hint="the archive is truncated: make it again")
        return io.BufferedReader(_Part(self._file, *place)), place[1]

    def close(self) -> None:
        self._file.close()

    def _resolved(self, name: str) -> str:
        # Docker before 25 wrote a layer that stands twice in an image as a link to the first.
        name = posixpath.normpath(name)
        for _ in range(_MAX_LINKS):
            if name not in self._links:
                break
            name = self._links[name]
        return name


class _Part(io.RawIOBase):
    """A part of a file that stays open."""

    def __init__(self, file: BinaryIO, offset: int, size: int) -> None:
        self._file = file
        self._position = offset
        self._end = offset + size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._file.seek(self._position)
        data = self._file.read(min(len(buffer), self._end - self._position))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
