"""Publishes images: what a repository has is found by its key, and only what no repository has is made.

Images get their own tags last: whatever ends a run, nothing that has a tag
lacks a part, and the next run goes on with what is there.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from optimizer.adapters.host.pythons import local_pythons
from optimizer.adapters.host.tree import BaseFacts
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.repository import Repository
from optimizer.builders.direct.image import MANIFEST, BaseImage, LayerBlob, image_documents, layer_of_manifest
from optimizer.errors import RegistryError
from optimizer.model.plan import Stage
from optimizer.model.publication import ImageResult, LayerResult
from optimizer.model.reference import ImageReference
from optimizer.publishing.asking import present
from optimizer.publishing.bases import fetch_base
from optimizer.publishing.images import PublishImage, Report
from optimizer.publishing.making import LayerMaker, MadeLayer
from optimizer.publishing.scratch import temporary_directory, threads
from optimizer.publishing.tags import base_tag, key_tag, python_tag

_THREADS = 8


@dataclass(frozen=True, slots=True, eq=False)
class _Target:
    """One name of an image."""

    image: PublishImage
    reference: ImageReference

    @property
    def repository(self) -> str:
        return self.reference.name


_Wanted = Mapping[tuple[str, str], tuple[PublishImage, Stage]]
"""Stages by the name of the repository that wants their layers, and by key."""


def publish(
    images: Sequence[PublishImage],
    registry: HttpRegistry,
    *,
    reuse: Iterable[ImageReference] = (),
    host: bool = True,
    engine: bool = True,
    ask: bool = True,
    report: Report = lambda line: None,
) -> tuple[ImageResult, ...]:
    """Publish images under all their names; gives one result for each name, in the order of the images.

    ``reuse`` are repositories from which layers are taken too.  Without ``ask``
    no repository is asked whether it has the images: the caller has done that.
    Without ``host`` no tool of this machine makes a layer, and without
    ``engine`` no container engine does.

    Raises :class:`RegistryError`, :class:`EngineError` and :class:`ImageError`;
    no tag then names an image that lacks a part.
    """
    targets = [_Target(image, reference) for image in images for reference in image.destinations]
    with temporary_directory() as directory, threads() as pool:
        run = _Run(registry, pool, directory, tuple(reuse), report, host=host, engine=engine)
        try:
            return run.results(targets, ask=ask)
        finally:
            run.ended.set()


class _Run:
    def __init__(
        self,
        registry: HttpRegistry,
        pool: ThreadPoolExecutor,
        directory: Path,
        reuse: tuple[ImageReference, ...],
        report: Report,
        *,
        host: bool,
        engine: bool,
    ) -> None:
        self._registry = registry
        self._pool = pool
        self._reuse = reuse
        self._report = report
        self._maker = LayerMaker(directory, pool, report, host=host, engine=engine)
        self._repositories: dict[str, Repository] = {}
        self.ended = threading.Event()
        """Set when uploads that still run need not go on."""

    def results(self, targets: Sequence[_Target], *, ask: bool) -> tuple[ImageResult, ...]:
        for target in targets:
            if target.repository not in self._repositories:
                self._repositories[target.repository] = self._registry.repository(target.reference)
        for reference in self._reuse:
            if reference.name not in self._repositories:
                self._repositories[reference.name] = self._registry.repository(reference, push=False)
        there = present([target.reference for target in targets], self._registry) if ask else set()
        missing = [target for target in targets if target.reference not in there]
        pushed = self._push(missing) if missing else {}
        return tuple(
            pushed.get(target) or ImageResult(name=target.image.name, reference=str(target.reference), state="present")
            for target in targets
        )

    def _of(self, target: _Target) -> Repository:
        return self._repositories[target.repository]

    def _push(self, targets: Sequence[_Target]) -> dict[_Target, ImageResult]:
        wanted: dict[tuple[str, str], tuple[PublishImage, Stage]] = {}
        for target in targets:
            for stage in map(target.image.plan.stage, target.image.plan.layers):
                wanted.setdefault((target.repository, target.image.key(stage)), (target.image, stage))
        images = {(target.image.plan.base, target.image.plan.platform): target for target in targets}
        fetched = dict(zip(images, self._pool.map(lambda place: fetch_base(self._registry, *place), images), strict=True))
        bases = {target: fetched[target.image.plan.base, target.image.plan.platform] for target in targets}
        bringing = {place: self._pool.submit(self._bring_base, *work) for place, work in _distinct_bases(bases).items()}
        layers = self._layers(wanted, bases)
        results: dict[_Target, ImageResult] = {}
        # One after another: the tags of keys and of bases go to the first image that has them.
        tagged: set[tuple[str, str]] = {place for place, (_, result) in layers.items() if result.source == "found"}
        tagged |= {place for place, future in bringing.items() if future.result()}
        for target in targets:
            results[target] = self._push_image(target, bases[target], layers, tagged)
        return results

    # Layers.

    def _layers(self, wanted: _Wanted, bases: Mapping[_Target, BaseImage]) -> dict[tuple[str, str], tuple[LayerBlob, LayerResult]]:
        """The layers that the repositories want, all of them there in the end."""
        found = dict(zip(wanted, self._pool.map(lambda place: self._find(*place), wanted), strict=True))
        missing = [place for place, blob in found.items() if blob is None]
        sources = self._elsewhere({key for _, key in missing})
        absent = {key: wanted[repository, key] for repository, key in missing if key not in sources}
        made = self._maker.make(absent, self._facts(bases)) if absent else {}
        if missing:
            self._report(f"{len(found) - len(missing)} of {len(found)} layers are there, {len(made)} were made; pushing")
        sent = self._pool.map(lambda place: self._bring(place, wanted[place][1], sources, made), missing)
        layers = dict(zip(missing, sent, strict=True))
        for place, blob in found.items():
            if blob is not None:
                layers[place] = (blob, LayerResult(stage=wanted[place][1].name, key=place[1], source="found", size=blob.size))
        return layers

    def _find(self, repository: str, key: str) -> LayerBlob | None:
        manifest = self._repositories[repository].manifest(key_tag(key))
        return layer_of_manifest(json.loads(manifest[2]), key) if manifest is not None else None

    def _elsewhere(self, keys: set[str]) -> dict[str, tuple[str, LayerBlob]]:
        """The layers of keys that one of the other repositories has, each with the name of that."""
        places = [(name, key) for key in sorted(keys) for name in self._repositories]
        blobs = self._pool.map(lambda place: self._find(*place), places) if len(self._repositories) > 1 else ()
        found: dict[str, tuple[str, LayerBlob]] = {}
        for (name, key), blob in zip(places, blobs):  # noqa: B905 - with one repository, nothing was asked
            if blob is not None:
                found.setdefault(key, (name, blob))
        return found

    def _bring(
        self, place: tuple[str, str], stage: Stage, sources: Mapping[str, tuple[str, LayerBlob]], made: Mapping[str, MadeLayer]
    ) -> tuple[LayerBlob, LayerResult]:
        repository, key = place
        started = time.monotonic()
        if key in sources:
            source, blob = sources[key]
            how = self._transfer(blob, self._repositories[source].reference, repository)
            spent = time.monotonic() - started
            return blob, LayerResult(
                stage=stage.name, key=key, source=how, size=blob.size, pushed=blob.size if how == "copied" else 0, seconds=spent
            )
        layer = made[key]
        target = self._repositories[repository]
        there = target.has_blob(layer.blob.digest)
        if not there:
            target.upload(layer.blob.digest, layer.blob.size, lambda: self._while_running(layer.chunks()))
        spent = layer.seconds + time.monotonic() - started
        pushed = 0 if there else layer.blob.size
        return layer.blob, LayerResult(stage=stage.name, key=key, source="made", size=layer.blob.size, pushed=pushed, seconds=spent)

    def _transfer(self, blob: LayerBlob, source: ImageReference, repository: str) -> str:
        """Bring a blob of one repository into another; gives ``found``, ``mounted`` or ``copied``."""
        target = self._repositories[repository]
        if target.has_blob(blob.digest):
            return "found"
        if source.registry == target.reference.registry and target.mount(blob.digest, source.repository):
            return "mounted"

        target.upload(blob.digest, blob.size, lambda: self._while_running(self._registry.blob_chunks(source, blob.digest, blob.size)))
        return "copied"

    def _while_running(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            if self.ended.is_set():
                raise RegistryError("the run has ended before the upload")
            yield chunk

    # Bases.

    def _facts(self, bases: Mapping[_Target, BaseImage]) -> dict[ImageReference, BaseFacts]:
        """What the repositories tell of the bases."""
        found: dict[ImageReference, BaseFacts] = {}
        for target, base in bases.items():
            plan = target.image.plan
            if plan.runtime.startswith("python") and not found.get(plan.base, BaseFacts()).python:
                here = local_pythons(plan.runtime.removeprefix("python"))
                places = [target.repository, *(reference.name for reference in self._reuse)]
                known = [
                    version for version in here if any(self._repositories[name].has_manifest(python_tag(base, version)) for name in places)
                ]
                found[plan.base] = BaseFacts(python=known[0] if known else "")
        return found

    def _bring_base(self, base: BaseImage, source: ImageReference, repository: str) -> bool:
        """Bring the layers of a base, unless the repository has an image on it; gives whether it has."""
        if self._repositories[repository].has_manifest(base_tag(base)):
            return True
        self._report(f"bringing the base {source.tagged} to {repository}")
        # Of its own threads: those of the run may all be waiting for layers.
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(lambda layer: self._transfer(layer, source, repository), base.layers))
        return False

    # Images.

    def _push_image(
        self,
        target: _Target,
        base: BaseImage,
        layers: Mapping[tuple[str, str], tuple[LayerBlob, LayerResult]],
        tagged: set[tuple[str, str]],
    ) -> ImageResult:
        plan, repository = target.image.plan, self._of(target)
        places = [(target.repository, target.image.key(plan.stage(name))) for name in plan.layers]
        documents = image_documents(plan, base, [layers[place][0] for place in places])
        if not repository.has_blob(documents.config_digest):
            repository.upload(documents.config_digest, len(documents.config), lambda: (documents.config,))
        tags = [key_tag(key) for name, key in places if (name, key) not in tagged]
        if (target.repository, base.digest) not in tagged:
            tags.append(base_tag(base))
        python = self._maker.pythons.get(plan.base, "")
        if python and (target.repository, python_tag(base, python)) not in tagged:
            tags.append(python_tag(base, python))
            tagged.add((target.repository, python_tag(base, python)))
        tagged.update((*places, (target.repository, base.digest)))
        list(self._pool.map(lambda tag: repository.add_tag(tag, MANIFEST, documents.manifest), tags))
        repository.put_manifest(str(target.reference.tag), MANIFEST, documents.manifest)
        self._report(f"pushed {target.reference}")
        return ImageResult(
            name=target.image.name,
            reference=str(target.reference),
            state="pushed",
            digest=documents.digest,
            layers=tuple(layers[place][1] for place in places),
        )


def _distinct_bases(bases: Mapping[_Target, BaseImage]) -> dict[tuple[str, str], tuple[BaseImage, ImageReference, str]]:
    """By repository and digest, each base with the reference to read it from, and the repository's name."""
    return {(target.repository, base.digest): (base, target.image.plan.base, target.repository) for target, base in bases.items()}
