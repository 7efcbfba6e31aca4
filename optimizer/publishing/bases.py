"""Images under stages: what their registries tell of them, without a look into any layer."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.adapters.images.documents import choose, parse_document
from optimizer.adapters.images.documents import parse_manifest as parse_image_manifest
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.media_types import INDEX_TYPES
from optimizer.builders.direct.image import BaseImage, base_image
from optimizer.model.architectures import PLATFORMS, meant_architecture, platform_of
from optimizer.model.image import ImageSource
from optimizer.model.reference import ImageReference


def fetch_base(registry: HttpRegistry, reference: ImageReference, platform: str) -> BaseImage:
    """The base image for a platform; layers are not read.

    Raises :class:`RegistryError`, and :class:`ImageError` for an image that
    cannot be a base.
    """
    return base_image(*_documents(registry, reference, platform), str(reference))


class RegistryImages:
    """The images that trees are made with, or of; each is asked for its variables once.

    What only they need is imported where it is used: most pushes make no tree.
    """

    def __init__(self, registry: HttpRegistry) -> None:
        self._registry = registry
        self._variables: dict[ImageReference, Mapping[str, str]] = {}

    def variables(self, image: ImageReference) -> Mapping[str, str]:
        """What the image sets where it runs on this machine.

        Raises :class:`RegistryError`, and :class:`ImageError` for one that does
        not run here, or is damaged.
        """
        from platform import machine

        if image not in self._variables:
            own = platform_of(meant_architecture(machine().lower())) or PLATFORMS[0]
            _, config = _documents(self._registry, image, own)
            settings = parse_document(config, f'the configuration of "{image}"').get("config") or {}
            self._variables[image] = dict(str(item).partition("=")[::2] for item in settings.get("Env") or ())
        return self._variables[image]

    def opened(self, image: ImageReference, platform: str) -> ImageSource:
        """The image for a platform, whose layers are read as they are asked for; raises as :meth:`variables` does."""
        from optimizer.adapters.images.remote import open_remote

        return open_remote(self._registry, image, platform)


def _documents(registry: HttpRegistry, reference: ImageReference, platform: str) -> tuple[bytes, bytes]:
    """The manifest and the configuration of an image."""
    where = f'"{reference}"'
    fetched = registry.fetch_manifest(reference)
    if fetched.media_type in INDEX_TYPES:
        choice = choose(parse_document(fetched.body, f"the index of {where}"), platform, f"the index of {where}")
        fetched = registry.fetch_manifest(reference.with_digest(choice.descriptor.digest))
    manifest = parse_image_manifest(parse_document(fetched.body, f"the manifest of {where}"), f"the manifest of {where}")
    return fetched.body, registry.fetch_blob(reference, manifest.config.digest)
