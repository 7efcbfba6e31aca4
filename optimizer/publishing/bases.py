"""Base images: read from where they are pinned, and copied into a repository layer by layer."""

from __future__ import annotations

from optimizer.adapters.images.documents import choose, parse_document
from optimizer.adapters.images.documents import parse_manifest as parse_image_manifest
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.media_types import INDEX_TYPES
from optimizer.builders.direct.image import BaseImage, base_image
from optimizer.model.reference import ImageReference


def fetch_base(registry: HttpRegistry, reference: ImageReference, platform: str) -> BaseImage:
    """The base image for a platform; layers are not read.

    Raises :class:`RegistryError`, and :class:`ImageError` for an image that
    cannot be a base.
    """
    where = f'"{reference}"'
    fetched = registry.fetch_manifest(reference)
    if fetched.media_type in INDEX_TYPES:
        choice = choose(parse_document(fetched.body, f"the index of {where}"), platform, f"the index of {where}")
        fetched = registry.fetch_manifest(reference.with_digest(choice.descriptor.digest))
    manifest = parse_image_manifest(parse_document(fetched.body, f"the manifest of {where}"), f"the manifest of {where}")
    return base_image(fetched.body, registry.fetch_blob(reference, manifest.config.digest), str(reference))
