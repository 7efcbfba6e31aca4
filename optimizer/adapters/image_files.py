"""Writes images to files: OCI layouts, and archives."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from optimizer.adapters.files import hidden_beside
from optimizer.builders.direct.files import INDEX_FILE, LAYOUT_FILE, Blob, blob_path, index_file, layout_file
from optimizer.errors import ImageError

_READ = 1 << 20
_PART = "part"


class Layout:
    """A directory in the form of an OCI layout.

    Blobs appear whole, and the index is replaced in one step after them: who
    reads the directory at any moment finds images that are whole.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def begin(self) -> None:
        """Make the directory a layout, if it is new; raises ImageError where it holds something else."""
        # A run that was killed may have left a part.
        found = [name for name in os.listdir(self._directory) if not name.endswith(f".{_PART}")] if self._directory.is_dir() else []
        if (found and LAYOUT_FILE not in found) or (self._directory.exists() and not self._directory.is_dir()):
            raise ImageError(
                f'"{self._directory}" is no OCI layout; allowed: a new or empty directory, or a layout',
                str(self._directory),
                "name another directory",
            )
        # Before all else, so that the next run knows what one that was ended has begun.
        _write(self._directory / LAYOUT_FILE, (layout_file(),))

    def images(self) -> Sequence[Mapping[str, Any]]:
        """The entries of the index; none for a new layout.  Raises ImageError for an index that cannot be read."""
        path = self._directory / INDEX_FILE
        try:
            return list(json.loads(path.read_bytes())["manifests"])
        except FileNotFoundError:
            return []
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise ImageError(f'the index "{path}" cannot be read: {error!r}', str(path), "name another directory") from None

    def add(self, blob: Blob) -> None:
        """Add a blob, unless it is there with the right content."""
        path = self._directory / blob_path(blob.digest)
        if not _holds(path, blob):
            _write(path, blob.chunks())

    def replace_index(self, images: Iterable[Mapping[str, Any]]) -> None:
        """Make the layout hold these images."""
        _write(self._directory / INDEX_FILE, (index_file(images),))


def write_archive(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file whole or not at all.  Raises ImageError where it cannot be written, and what the chunks raise."""
    _write(path, chunks)


def _holds(path: Path, blob: Blob) -> bool:
    found = hashlib.sha256()
    try:
        if path.stat().st_size != blob.size:
            return False
        with path.open("rb") as file:
            while chunk := file.read(_READ):
                found.update(chunk)
    except OSError:
        return False
    return f"sha256:{found.hexdigest()}" == blob.digest


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    part = hidden_beside(path, _PART)
    try:
        with _writing(path, part) as file:
            for chunk in chunks:
                with _faults(path):
                    file.write(chunk)
        with _faults(path):
            part.replace(path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


@contextmanager
def _writing(path: Path, part: Path) -> Iterator[BinaryIO]:
    with _faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = part.open("wb")
    try:
        yield file
    finally:
        # What is left in the buffer may find no space.
        with _faults(path):
            file.close()


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ImageError(
            f'"{path}" cannot be written: {error.strerror}', str(path), "check the directory, its permissions and its space"
        ) from None
