"""An image put together of layers that repositories have and of layers that are made, wherever it goes then.

Base layers and found ones are read from their registries while the image is
written, verified, and never whole in memory.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from optimizer.adapters.host.pythons import local_pythons
from optimizer.adapters.host.tree import BaseFacts
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.builders.direct.decompress import checked
from optimizer.builders.direct.files import Blob, WholeImage
from optimizer.builders.direct.image import BaseImage, LayerBlob, image_documents, layer_of_manifest
from optimizer.errors import UnknownImageError
from optimizer.model.plan import Stage
from optimizer.model.publication import LayerResult
from optimizer.model.reference import ImageReference
from optimizer.publishing.bases import fetch_base
from optimizer.publishing.images import PublishImage, Report
from optimizer.publishing.making import LayerMaker
from optimizer.publishing.scratch import temporary_directory, threads
from optimizer.publishing.tags import key_tag, python_tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """An image that can be written, and where its layers come from, in the order of the plan."""

    image: WholeImage
    layers: tuple[LayerResult, ...]


@contextmanager
def assembled(
    image: PublishImage,
    name: str,
    registry: HttpRegistry,
    *,
    reuse: Sequence[ImageReference] = (),
    host: bool = True,
    engine: bool = True,
    report: Report = lambda line: None,
) -> Iterator[Assembled]:
    """The image under a name, as long as its layers are there; the repositories of ``reuse`` are only read.

    Without ``host`` no tool of this machine makes a layer, and without
    ``engine`` no container engine does.

    Raises :class:`RegistryError`, :class:`EngineError` and :class:`ImageError`,
    also while the image is written.
    """
    with temporary_directory() as directory:
        with threads() as pool:
            maker = LayerMaker(directory, pool, report, host=host, engine=engine)
            found = _assemble(image, name, _Source(registry, tuple(reuse)), maker, pool)
        yield found


def _assemble(image: PublishImage, name: str, source: _Source, maker: LayerMaker, pool: ThreadPoolExecutor) -> Assembled:
    plan = image.plan
    base = fetch_base(source.registry, plan.base, plan.platform)
    stages = {image.key(stage): stage for stage in map(plan.stage, plan.layers)}
    found = dict(zip(stages, pool.map(source.layer, stages), strict=True))
    absent: dict[str, tuple[PublishImage, Stage]] = {key: (image, stages[key]) for key, layer in found.items() if layer is None}
    facts = {plan.base: BaseFacts(python=source.python(base, plan.runtime))} if absent else {}
    made = maker.make(absent, facts) if absent else {}
    layers: list[LayerBlob] = []
    blobs = [_blob(layer, partial(source.chunks, plan.base, layer)) for layer in base.layers]
    results: list[LayerResult] = []
    for key in (image.key(plan.stage(layer)) for layer in plan.layers):
        there = found[key]
        if there is not None:
            blobs.append(_blob(there.blob, there.chunks))
            layers.append(there.blob)
            results.append(LayerResult(stage=stages[key].name, key=key, source="found", size=there.blob.size, seconds=there.seconds))
        else:
            layer = made[key]
            blobs.append(_blob(layer.blob, layer.chunks))
            layers.append(layer.blob)
            results.append(LayerResult(stage=stages[key].name, key=key, source="made", size=layer.blob.size, seconds=layer.seconds))
    whole = WholeImage(name=name, documents=image_documents(plan, base, layers), layers=tuple(blobs))
    return Assembled(image=whole, layers=tuple(results))


def _blob(layer: LayerBlob, chunks: Callable[[], Iterator[bytes]]) -> Blob:
    return Blob(digest=layer.digest, size=layer.size, chunks=chunks)


@dataclass(frozen=True, slots=True)
class _Found:
    """A layer that a repository has."""

    blob: LayerBlob
    chunks: Callable[[], Iterator[bytes]]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Source:
    """Where layers are read."""

    registry: HttpRegistry
    repositories: tuple[ImageReference, ...]

    def layer(self, key: str) -> _Found | None:
        """The layer of a key in the first repository that has it."""
        started = time.monotonic()
        for repository in self.repositories:
            body = self._manifest(repository, key_tag(key))
            blob = layer_of_manifest(json.loads(body), key) if body is not None else None
            if blob is not None:
                return _Found(blob, partial(self.checked_chunks, repository, blob), time.monotonic() - started)
        return None

    def python(self, base: BaseImage, runtime: str) -> str:
        """The exact version of the base's Python, where a repository knows it and this machine has that too; else empty."""
        if not runtime.startswith("python"):
            return ""
        here = local_pythons(runtime.removeprefix("python"))
        places = [(repository, version) for version in here for repository in self.repositories]
        known = (version for repository, version in places if self._manifest(repository, python_tag(base, version)) is not None)
        return next(known, "")

    def chunks(self, repository: ImageReference, layer: LayerBlob) -> Iterator[bytes]:
        """The bytes of a blob, which end in an error unless they have its size and digest."""
        return self.registry.blob_chunks(repository, layer.digest, layer.size)

    def checked_chunks(self, repository: ImageReference, layer: LayerBlob) -> Iterator[bytes]:
        """The same, and they unpack to what the layer's annotation says, which no registry checks."""
        return checked(self.chunks(repository, layer), layer.diff_id, repository.name)

    def _manifest(self, repository: ImageReference, tag: str) -> bytes | None:
        try:
            return self.registry.fetch_manifest(replace(repository, tag=tag)).body
        except UnknownImageError:
            return None
