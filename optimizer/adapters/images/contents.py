"""What an image in a registry consists of, as its manifest and its configuration tell."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from optimizer.adapters.images.documents import parse_document, parse_manifest
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.media_types import INDEX_TYPES
from optimizer.model.reference import ImageReference

_OLDEST = 2015
"""Images with an earlier time have none: reproducible builds set it to 1970 or 1980."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageContent:
    """The layers of an image for one platform, and the day that it was made, None where it does not tell.

    ``layers`` maps their digests to their compressed bytes, from the lowest.
    """

    layers: dict[str, int]
    made: datetime.date | None

    @property
    def size(self) -> int:
        """Bytes of all layers, compressed."""
        return sum(self.layers.values())

    def new_bytes(self, before: ImageContent) -> int:
        """Bytes of the layers that the other image has not."""
        return sum(size for digest, size in self.layers.items() if digest not in before.layers)


def read_content(registry: HttpRegistry, reference: ImageReference) -> ImageContent | None:
    """The content of the image of a digest; None for an index.

    Raises :class:`RegistryError` or :class:`ImageError`.
    """
    where = f'"{reference}"'
    fetched = registry.fetch_manifest(reference)
    if fetched.media_type in INDEX_TYPES:
        return None
    manifest = parse_manifest(parse_document(fetched.body, f"the manifest of {where}"), f"the manifest of {where}")
    config = parse_document(registry.fetch_blob(reference, manifest.config.digest), f"the configuration of {where}")
    return ImageContent(layers={layer.digest: layer.size_bytes for layer in manifest.layers}, made=_day(config.get("created")))


def _day(created: object) -> datetime.date | None:
    try:
        day = datetime.date.fromisoformat(str(created)[:10])
    except ValueError:
        return None
    return day if day.year >= _OLDEST else None
