"""Layers that repositories have, found by their keys, and believed only where all that is said of them agrees."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from optimizer.adapters.registry.repository import Repository
from optimizer.builders.direct.image import LayerBlob, agrees, config_of_manifest, layer_of_manifest
from optimizer.errors import UnknownImageError
from optimizer.model.progress import Noted, Report
from optimizer.publishing.tags import key_tag


def find_layers(places: Sequence[tuple[Repository, str]], pool: ThreadPoolExecutor, report: Report) -> list[LayerBlob | None]:
    """The layers of keys, each in its repository; None where that has none.

    One request for each tag, whose layers are found together or not at all, and one for the configuration of each image that
    keys lead to: what an annotation says that a layer unpacks to, which no
    registry checks, has to be what the image itself is run by.  A tag that
    leads to something else is noted, and taken for one that is not there.

    Raises :class:`RegistryError`.
    """
    tags = list(dict.fromkeys((repository, key_tag(key)) for repository, key in places))
    answers = dict(zip(tags, pool.map(lambda place: place[0].manifest(place[1]), tags), strict=True))
    named = [_named(repository, key, answers[repository, key_tag(key)], report) for repository, key in places]
    images = {found.config: found for found in named if found is not None}
    configs = dict(zip(images, pool.map(_Named.fetch_config, images.values()), strict=True))
    layers = [found.verified(configs[found.config], report) if found is not None else None for found in named]
    lacking = {(repository, key_tag(key)) for (repository, key), layer in zip(places, layers, strict=True) if layer is None}
    return [None if (repository, key_tag(key)) in lacking else layer for (repository, key), layer in zip(places, layers, strict=True)]


@dataclass(frozen=True, slots=True)
class _Named:
    """What the tag of a key leads to; ``config`` is the repository and the digest of the image's configuration."""

    repository: Repository
    manifest: Mapping[str, Any]
    layer: LayerBlob
    config: tuple[str, str]

    def fetch_config(self) -> bytes:
        """The configuration; empty where the repository does not have it."""
        try:
            return self.repository.blob(self.config[1])
        except UnknownImageError:
            return b""

    def verified(self, config: bytes, report: Report) -> LayerBlob | None:
        if agrees(self.manifest, config, self.layer):
            return self.layer
        _note(self.repository, self.layer.key, "its annotation and its configuration differ in what the layer unpacks to", report)
        return None


def _named(repository: Repository, key: str, found: tuple[str, str, bytes] | None, report: Report) -> _Named | None:
    if found is None:
        return None
    manifest = json.loads(found[2])
    layer, config = layer_of_manifest(manifest, key), config_of_manifest(manifest)
    if layer is None or config is None:
        _note(repository, key, "it describes no layer of that key", report)
        return None
    return _Named(repository, manifest, layer, (repository.reference.name, config))


def _note(repository: Repository, key: str, why: str, report: Report) -> None:
    report(Noted(f'warning: the image "{repository.reference.name}:{key_tag(key)[:18]}..." is not used: {why}'))
