"""What a repository says of an image that was published: keys of its layers, and its configuration; why it became so it does not know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.adapters.registry.media_types import INDEX_TYPES
from optimizer.adapters.registry.repository import Repository
from optimizer.builders.direct.image import KEY_ANNOTATION, config_of_manifest
from optimizer.errors import ImageError, UnknownImageError


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedImage:
    """An image in its repository.

    ``layers`` are the keys of its layers above the base with their titles, the
    lowest first; empty for an image that was not published by keys.
    """

    layers: tuple[tuple[str, str], ...]
    architecture: str
    environment: Mapping[str, str]
    labels: Mapping[str, str]

    @property
    def keys(self) -> frozenset[str]:
        """The keys of its layers."""
        return frozenset(key for key, _ in self.layers)


def deployed_image(repository: Repository, tag: str) -> DeployedImage:
    """The image of a tag or digest.

    Raises :class:`RegistryError`, :class:`UnknownImageError` where there is
    none, and :class:`ImageError` for what is no image of one platform.
    """
    name = f"{repository.reference.name}{'@' if tag.startswith('sha256:') else ':'}{tag}"
    found = repository.manifest(tag)
    if found is None:
        raise UnknownImageError(f'"{name}" does not exist', hint="name a tag or digest that the repository has")
    if found[0] in INDEX_TYPES:
        raise ImageError(
            f'"{name}" is an image index, and a function runs the image of one platform', hint="name the image of one platform"
        )
    try:
        manifest = json.loads(found[2])
        digest = config_of_manifest(manifest)
        config = json.loads(repository.blob(digest)) if digest is not None else {}
        return _image(manifest, config)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ImageError(f'"{name}" is damaged: {error!r}', hint="name another image") from None


def _image(manifest: Mapping[str, Any], config: Mapping[str, Any]) -> DeployedImage:
    keys = [key for layer in manifest["layers"] if (key := (layer.get("annotations") or {}).get(KEY_ANNOTATION))]
    history = [str(item.get("created_by", "")) for item in config.get("history") or () if not item.get("empty_layer")]
    settings = config.get("config") or {}
    return DeployedImage(
        layers=tuple(zip(keys, history[len(history) - len(keys) :], strict=True)),
        architecture=str(config.get("architecture", "")),
        environment=dict(item.partition("=")[::2] for item in settings.get("Env") or ()),
        labels={str(name): str(value) for name, value in (settings.get("Labels") or {}).items()},
    )
