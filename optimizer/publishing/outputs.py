"""Where an assembled image goes, beside a registry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

from optimizer.adapters.engine import Engine
from optimizer.adapters.image_files import Layout, write_archive
from optimizer.builders.direct.files import REFERENCE_ANNOTATION, WholeImage, archive_chunks
from optimizer.builders.direct.index import WholeIndex


class Publisher(Protocol):
    """Makes an image available: whole, or not at all."""

    def publish(self, image: WholeImage) -> None:
        """Take an image in.  Raises :class:`OptimizerError`."""


class LayoutPublisher:
    """A directory in the form of an OCI layout, which may hold other images; one of the same name is replaced."""

    def __init__(self, directory: Path) -> None:
        self._layout = Layout(directory)

    def publish(self, image: WholeImage | WholeIndex) -> None:
        self._layout.begin()
        for blob in image.blobs():
            self._layout.add(blob)
        others = [entry for entry in self._layout.images() if _reference(entry) != _reference(image.descriptor())]
        self._layout.replace_index([*others, image.descriptor()])


class ArchivePublisher:
    """A file that ``docker load`` takes, which replaces one that is there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def publish(self, image: WholeImage) -> None:
        write_archive(self._path, archive_chunks(image))


class EnginePublisher:
    """The container engine of this machine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def publish(self, image: WholeImage) -> None:
        self._engine.load(archive_chunks(image))


def _reference(entry: Any) -> str:
    annotations = entry.get("annotations") if isinstance(entry, dict) else None
    return str((annotations or {}).get(REFERENCE_ANNOTATION)) if annotations else json.dumps(entry, sort_keys=True)
