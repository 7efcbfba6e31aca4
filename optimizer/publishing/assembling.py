"""An image put together of layers that repositories have and of layers that are made, wherever it goes then.

Base layers and found ones are read from their registries while the image is
written, verified, and never whole in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from optimizer.adapters.host.pythons import local_pythons
from optimizer.adapters.host.tree import BaseFacts
from optimizer.adapters.progress import told
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.builders.direct.decompress import checked
from optimizer.builders.direct.files import Blob, WholeImage
from optimizer.builders.direct.image import BaseImage, LayerBlob, image_documents
from optimizer.errors import UnknownImageError
from optimizer.model.plan import Stage
from optimizer.model.progress import LookedUp, Report, Task
from optimizer.model.publication import WRITTEN, ImageResult, LayerResult
from optimizer.model.reference import ImageReference
from optimizer.publishing.bases import RegistryImages, fetch_base
from optimizer.publishing.finding import find_layers
from optimizer.publishing.images import PublishImage
from optimizer.publishing.making import LayerMaker, MadeLayer
from optimizer.publishing.overlaps import report_overlaps
from optimizer.publishing.parts import Chunks, check_parts
from optimizer.publishing.scratch import temporary_directory, threads
from optimizer.publishing.tags import python_tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """An image that can be written, and where its layers come from, in the order of the plan."""

    image: WholeImage
    layers: tuple[LayerResult, ...]

    def result(self, name: str) -> ImageResult:
        """What became of it, as of an image that is about to be published."""
        return ImageResult(name=name, reference=self.image.name, state=WRITTEN, digest=self.image.documents.digest, layers=self.layers)


@contextmanager
def assembled(
    image: PublishImage,
    name: str,
    registry: HttpRegistry,
    *,
    reuse: Sequence[ImageReference] = (),
    host: bool = True,
    engine: bool = True,
    report: Report = lambda event: None,
) -> Iterator[Assembled]:
    """The image under a name, as long as its layers are there; the repositories of ``reuse`` are only read.

    Without ``host`` no tool of this machine makes a layer, and without
    ``engine`` no container engine does.

    Raises :class:`RegistryError`, :class:`EngineError` and :class:`ImageError`,
    also while the image is written.
    """
    with temporary_directory() as directory:
        with threads(registry.hurry) as pool:
            maker = LayerMaker(directory, pool, report, RegistryImages(registry), host=host, engine=engine)
            found = _assemble(image, name, _Source(registry, tuple(reuse)), maker, pool, report)
        yield found


def _assemble(image: PublishImage, name: str, source: _Source, maker: LayerMaker, pool: ThreadPoolExecutor, report: Report) -> Assembled:
    plan = image.plan
    base = fetch_base(source.registry, plan.base, plan.platform)
    stages = {image.key(stage): stage for stage in map(plan.stage, plan.above_base)}
    found = source.layers(list(stages), pool, report)
    absent: dict[str, tuple[PublishImage, Stage]] = {key: (image, stages[key]) for key, layer in found.items() if layer is None}
    if source.repositories:
        report(LookedUp(0, len(found), len(found) - len(absent), len(absent)))
    python = source.python(base, plan.runtime) if absent and not plan.names_python else ""
    facts = {plan.base: BaseFacts(python=python, diff_ids={plan.platform: base.diff_ids})}
    made = maker.make(absent, facts) if absent else {}
    report_overlaps([image], made, report)
    check_parts(image, partial(_part, image, found, made))
    layers: list[LayerBlob] = []
    blobs = [
        _blob(
            layer,
            partial(source.chunks, plan.base, layer),
            _writing(f"layer {number} of {len(base.layers)}", plan.base.tagged, layer),
            report,
        )
        for number, layer in enumerate(base.layers, 1)
    ]
    results: list[LayerResult] = []
    for key in (image.key(plan.stage(layer)) for layer in plan.above_base):
        there, stage = found[key], stages[key].name
        if there is not None:
            layer, chunks, how, seconds = there.blob, there.chunks, "found", 0.0
        else:
            layer, chunks, how, seconds = made[key].blob, made[key].chunks, "made", made[key].seconds
        blobs.append(_blob(layer, chunks, _writing(stage, image.name, layer), report))
        layers.append(layer)
        results.append(LayerResult(stage=stage, key=key, source=how, size=layer.size, seconds=seconds))
    whole = WholeImage(name=name, documents=image_documents(plan, base, layers), layers=tuple(blobs))
    return Assembled(image=whole, layers=tuple(results))


def _part(image: PublishImage, found: Mapping[str, _Found | None], made: Mapping[str, MadeLayer], stage: Stage) -> tuple[LayerBlob, Chunks]:
    """The layer of a stage, and its bytes."""
    layer = found[image.key(stage)] or made[image.key(stage)]
    return layer.blob, layer.chunks


def _writing(subject: str, place: str, layer: LayerBlob) -> Task:
    return Task(action="writing", subject=subject, place=place, size=layer.size)


def _blob(layer: LayerBlob, chunks: Callable[[], Iterator[bytes]], task: Task, report: Report) -> Blob:
    def told_chunks() -> Iterator[bytes]:
        with told(task, report) as telling:
            yield from telling.chunks(chunks())

    return Blob(digest=layer.digest, size=layer.size, chunks=told_chunks)


@dataclass(frozen=True, slots=True)
class _Found:
    """A layer that a repository has."""

    blob: LayerBlob
    chunks: Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class _Source:
    """Where layers are read."""

    registry: HttpRegistry
    repositories: tuple[ImageReference, ...]

    def layers(self, keys: Sequence[str], pool: ThreadPoolExecutor, report: Report) -> dict[str, _Found | None]:
        """The layers of keys, each in the first repository that has it."""
        repositories = [self.registry.repository(reference, push=False) for reference in self.repositories]
        places = [(repository, key) for key in keys for repository in repositories]
        found: dict[str, _Found | None] = dict.fromkeys(keys)
        for (repository, key), blob in zip(places, find_layers(places, pool, report), strict=True):
            if blob is not None and found[key] is None:
                found[key] = _Found(blob, partial(self.checked_chunks, repository.reference, blob))
        return found

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
