"""An image in a registry, read layer by layer without an engine."""

from __future__ import annotations

from typing import BinaryIO

from optimizer.adapters.images.documents import choose, image_of, parse_document, parse_manifest
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.media_types import INDEX_TYPES
from optimizer.errors import ImageError
from optimizer.model.image import Image
from optimizer.model.reference import ImageReference


class RegistrySource:
    """An image whose layers a registry streams."""

    def __init__(self, image: Image, registry: HttpRegistry, reference: ImageReference) -> None:
        self.image = image
        self._registry = registry
        self._reference = reference

    def open_layer(self, index: int) -> BinaryIO:
        layer = self.image.layers[index]
        assert layer.digest is not None and layer.compressed_bytes is not None, "a registry's manifest says both"
        return self._registry.open_blob(self._reference, layer.digest, layer.compressed_bytes)

    def close(self) -> None:
        self._registry.close()


def open_remote(registry: HttpRegistry, reference: ImageReference, platform: str | None = None) -> RegistrySource:
    """The image of a reference; of an index, the entry for the platform.

    Raises :class:`RegistryError` or :class:`ImageError`.
    """
    where = f'"{reference}"'
    fetched = registry.fetch_manifest(reference)
    indexed, attestations = fetched.media_type in INDEX_TYPES, 0
    platforms: tuple[str, ...] = ()
    if indexed:
        choice = choose(parse_document(fetched.body, f"the index of {where}"), platform, f"the index of {where}")
        platforms, attestations = choice.platforms, choice.attestations
        fetched = registry.fetch_manifest(reference.with_digest(choice.descriptor.digest))
        if fetched.media_type in INDEX_TYPES:
            raise ImageError(f"{where} is an index of indexes", hint="name one of the images by its digest")
    manifest = parse_manifest(parse_document(fetched.body, f"the manifest of {where}"), f"the manifest of {where}")
    image = image_of(
        name=str(reference),
        source="registry",
        config=registry.fetch_blob(reference, manifest.config.digest),
        where=where,
        blobs=manifest.layers,
        media_type=fetched.media_type,
        digest=fetched.digest,
        manifest_bytes=len(fetched.body),
        indexed=indexed,
        platforms=platforms,
        attestations=attestations,
    )
    return RegistrySource(image, registry, reference)
