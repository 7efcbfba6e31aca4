"""Publishes images: what a repository has is found by its key, and only what no repository has is made.

Images get their own tags last: whatever ends a run, nothing that has a tag
lacks a part, and the next run goes on with what is there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from optimizer.adapters.host.pythons import local_pythons
from optimizer.adapters.host.tree import BaseFacts
from optimizer.adapters.progress import told
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.repository import Repository
from optimizer.adapters.upload_turns import upload_turn
from optimizer.builders.direct.decompress import checked, skipped
from optimizer.builders.direct.image import MANIFEST, BaseImage, ImageDocuments, LayerBlob, image_documents
from optimizer.errors import ImageError, RegistryError, UnknownImageError, WrongContentError
from optimizer.model.plan import Stage
from optimizer.model.progress import LookedUp, Noted, Pushed, Report, Task
from optimizer.model.publication import PUSHED, Admit, ImageResult, LayerResult
from optimizer.model.reference import ImageReference
from optimizer.publishing.asking import present
from optimizer.publishing.bases import RegistryImages, fetch_base
from optimizer.publishing.finding import find_layers
from optimizer.publishing.images import PublishImage
from optimizer.publishing.making import Done, LayerMaker, MadeLayer, forgotten, has_bytecode
from optimizer.publishing.overlaps import report_overlaps
from optimizer.publishing.parts import Chunks, check_parts
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


@dataclass(frozen=True, slots=True, eq=False)
class _Assembled:
    """An image to push; ``tags`` are those that lead others to its layers and its base."""

    target: _Target
    documents: ImageDocuments
    layers: tuple[LayerResult, ...]
    tags: tuple[str, ...]

    @property
    def result(self) -> ImageResult:
        """What it is once it is pushed."""
        return ImageResult(
            name=self.target.image.name,
            reference=str(self.target.reference),
            state=PUSHED,
            digest=self.documents.digest,
            layers=self.layers,
        )


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
    report: Report = lambda event: None,
    admit: Admit = lambda results: None,
) -> tuple[ImageResult, ...]:
    """Publish images under all their names; gives one result for each name, in the order of the images.

    ``reuse`` are repositories from which layers are taken too.  Without ``ask``
    no repository is asked whether it has the images: the caller has done that.
    Without ``host`` no tool of this machine makes a layer, and without
    ``engine`` no container engine does.  ``admit`` gets what is about to be pushed, once
    all layers are there, and may raise: no image has got a tag by then.

    Raises :class:`RegistryError`, :class:`EngineError` and :class:`ImageError`;
    no tag then names an image that lacks a part.
    """
    targets = [_Target(image, reference) for image in images for reference in image.destinations]
    with temporary_directory() as directory, threads(registry.hurry) as pool:
        run = _Run(registry, pool, directory, tuple(reuse), report, host=host, engine=engine, admit=admit)
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
        admit: Admit,
    ) -> None:
        self._registry = registry
        self._admit = admit
        self._pool = pool
        self._reuse = reuse
        self._report = report
        self._directory = directory
        self._maker = LayerMaker(directory, pool, report, RegistryImages(registry), host=host, engine=engine)
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
        there = present([target.reference for target in targets], self._registry) if ask else {}
        missing = [target for target in targets if target.reference not in there]
        pushed = self._push(missing) if missing else {}
        return tuple(
            pushed.get(target) or ImageResult(name=target.image.name, reference=str(target.reference), state=there[target.reference])
            for target in targets
        )

    def _of(self, target: _Target) -> Repository:
        return self._repositories[target.repository]

    def _push(self, targets: Sequence[_Target]) -> dict[_Target, ImageResult]:
        wanted: dict[tuple[str, str], tuple[PublishImage, Stage]] = {}
        for target in targets:
            for stage in map(target.image.plan.stage, target.image.plan.above_base):
                wanted.setdefault((target.repository, target.image.key(stage)), (target.image, stage))
        images = {(target.image.plan.base, target.image.plan.platform): target for target in targets}
        fetching = {place: self._pool.submit(fetch_base, self._registry, *place) for place in images}
        found = self._find(list(wanted))
        fetched = {place: future.result() for place, future in fetching.items()}
        bases = {target: fetched[target.image.plan.base, target.image.plan.platform] for target in targets}
        bringing = {place: self._pool.submit(self._bring_base, *work) for place, work in _distinct_bases(bases).items()}
        layers = self._layers(wanted, found, bases, len(targets))
        tagged: set[tuple[str, str]] = {place for place, (_, result) in layers.items() if result.source == "found"}
        tagged |= {place for place, future in bringing.items() if future.result()}
        assembled = self._assembled(bases, layers, tagged)
        self._admit([image.result for image in assembled])
        try:
            return self._push_images(assembled)
        except RegistryError:
            if not any([self._restore(target, bases[target], layers, tagged) for target in targets]):
                raise
            return self._push_images(self._assembled(bases, layers, tagged))

    def _restore(
        self, target: _Target, base: BaseImage, layers: dict[tuple[str, str], tuple[LayerBlob, LayerResult]], tagged: set[tuple[str, str]]
    ) -> bool:
        """Bring what tags said that is there, and is not; gives whether there was any.

        A repository refuses a manifest that names such a blob, so that nobody
        has to ask for each before.
        """
        image, repository = target.image, self._of(target)
        places = {(target.repository, image.key(stage)): stage for stage in map(image.plan.stage, image.plan.above_base)}
        lost = [place for place in places if layers[place][1].source == "found" and not repository.has_blob(layers[place][0].digest)]
        gone = _with_siblings(lost, places)
        for place in gone:
            self._report(Noted(f'warning: the layer "{places[place].name}" is not in "{target.repository}", where its tag says that it is'))
        made = self._make({place[1]: (image, places[place]) for place in gone}, {target: base})
        for place in gone:
            layers[place] = self._send(made[place[1]], place, image, places[place])
            tagged.discard(place)
        brought = self._bring_layers(base, image.plan.base, target.repository)
        if brought:
            tagged.discard((target.repository, base.digest))
        return bool(gone) or brought

    # Layers.

    def _layers(
        self,
        wanted: _Wanted,
        found: Mapping[tuple[str, str], LayerBlob | None],
        bases: Mapping[_Target, BaseImage],
        images: int,
    ) -> dict[tuple[str, str], tuple[LayerBlob, LayerResult]]:
        """The layers that the repositories want for so many images, all of them there in the end."""
        missing = [place for place, blob in found.items() if blob is None]
        sources = self._elsewhere({key for _, key in missing}, found)
        absent = {key: wanted[repository, key] for repository, key in missing if key not in sources}
        self._report(LookedUp(images, len(found), len(found) - len(missing), len(absent)))
        taking = {
            place: self._pool.submit(self._take, place, *wanted[place], *sources[place[1]]) for place in missing if place[1] in sources
        }
        brought: dict[tuple[str, str], tuple[LayerBlob, LayerResult]] = {}

        def send(key: str, layer: MadeLayer) -> None:
            # While others are still being made: no tag names any before all are there.
            for place in missing:
                if place[1] == key and place not in brought:
                    brought[place] = self._send(layer, place, *wanted[place])

        made = self._make(absent, bases, send)
        taken = {place: future.result() for place, future in taking.items()}
        # What turned out to be something else is made after all.
        wrong = _with_siblings([place for place, result in taken.items() if result is None], taken)
        brought.update({place: result for place, result in taken.items() if result is not None and place not in wrong})
        made |= self._make({place[1]: wanted[place] for place in wrong}, bases, send)
        report_overlaps({target.image.directory: target.image for target in bases}.values(), made, self._report)
        for place, blob in found.items():
            if blob is not None:
                brought[place] = (blob, LayerResult(stage=wanted[place][1].name, key=place[1], source="found", size=blob.size))
        for target in bases:
            check_parts(target.image, partial(self._part, target, brought))
        return brought

    def _part(
        self, target: _Target, layers: Mapping[tuple[str, str], tuple[LayerBlob, LayerResult]], stage: Stage
    ) -> tuple[LayerBlob, Chunks]:
        """The layer of a stage that the target's repository has by now, and its bytes."""
        blob, _ = layers[target.repository, target.image.key(stage)]
        return blob, partial(self._registry.blob_chunks, target.reference, blob.digest, blob.size)

    def _make(
        self, works: Mapping[str, tuple[PublishImage, Stage]], bases: Mapping[_Target, BaseImage], done: Done = forgotten
    ) -> dict[str, MadeLayer]:
        return self._maker.make(works, self._facts(bases, works), done) if works else {}

    def _find(self, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], LayerBlob | None]:
        blobs = find_layers([(self._repositories[name], key) for name, key in places], self._pool, self._report)
        return dict(zip(places, blobs, strict=True))

    def _elsewhere(
        self, keys: Iterable[str], found: Mapping[tuple[str, str], LayerBlob | None]
    ) -> dict[str, tuple[ImageReference, LayerBlob]]:
        """The layers of keys that one of the other repositories has, each with that; ``found`` is what is known already."""
        places = [(name, key) for key in sorted(keys) for name in self._repositories]
        known = {**found, **self._find([place for place in places if place not in found])}
        there: dict[str, tuple[ImageReference, LayerBlob]] = {}
        for name, key in places:
            blob = known[name, key]
            if blob is not None:
                there.setdefault(key, (self._repositories[name].reference, blob))
        return there

    def _take(
        self, place: tuple[str, str], image: PublishImage, stage: Stage, source: ImageReference, blob: LayerBlob
    ) -> tuple[LayerBlob, LayerResult] | None:
        """Bring the layer that another repository has; None where what is there is another one."""
        repository, key = place
        started = time.monotonic()
        try:
            how = self._transfer(blob, source, repository, (stage.name, image.name))
        except (UnknownImageError, WrongContentError, ImageError) as error:
            self._report(Noted(f'warning: the layer "{stage.name}" is not taken from "{source.name}": {error.faults[0].message}'))
            return None
        spent = time.monotonic() - started
        pushed = blob.size if how == "copied" else 0
        came = "found" if how == "awaited" else how
        return blob, LayerResult(stage=stage.name, key=key, source=came, size=blob.size, pushed=pushed, seconds=spent)

    def _send(self, layer: MadeLayer, place: tuple[str, str], image: PublishImage, stage: Stage) -> tuple[LayerBlob, LayerResult]:
        repository, key = place
        started = time.monotonic()
        target = self._repositories[repository]
        there = target.has_blob(layer.blob.digest)
        if not there:
            task = Task(action="sending", subject=stage.name, place=image.name, size=layer.blob.size)
            there = not self._upload(target, layer.blob, layer.chunks, task)
        spent = layer.seconds + time.monotonic() - started
        pushed = 0 if there else layer.blob.size
        return layer.blob, LayerResult(stage=stage.name, key=key, source="made", size=layer.blob.size, pushed=pushed, seconds=spent)

    def _transfer(self, blob: LayerBlob, source: ImageReference, repository: str, shown: tuple[str, str]) -> str:
        """Bring a blob of one repository into another; gives ``found``, ``mounted``, ``copied``, or ``awaited`` where another process has brought it meanwhile.

        ``shown`` is what it is called and for what it is, for people.
        """
        target = self._repositories[repository]
        if target.has_blob(blob.digest):
            return "found"
        if source.registry == target.reference.registry and target.mount(blob.digest, source.repository):
            return "mounted"
        task = Task(action="copying", subject=shown[0], place=shown[1], size=blob.size)
        return "copied" if self._upload(target, blob, lambda at: self._chunks(blob, source, at), task) else "awaited"

    def _upload(self, target: Repository, blob: LayerBlob, chunks: Callable[[int], Iterator[bytes]], task: Task) -> bool:
        """Upload a blob that was not there, unless another process of this machine does just that: then wait for it; gives whether it was sent."""
        with told(task, self._report) as telling, upload_turn(target.reference.name, blob.digest, self._directory, self.ended) as waited:
            if waited and target.has_blob(blob.digest):
                return False
            target.upload(blob.digest, blob.size, lambda at: telling.chunks(self._while_running(chunks(at)), at))
        return True

    def _chunks(self, blob: LayerBlob, source: ImageReference, start: int) -> Iterator[bytes]:
        """The bytes of a blob of another repository, from one of them on."""
        if not blob.key:
            # The digest of a base's layer is pinned, and the repository that it goes to checks it.
            return self._registry.blob_chunks(source, blob.digest, blob.size, start)
        # Of any other layer only an annotation says what it unpacks to: all of it is read, wherever it is sent from.
        return skipped(checked(self._registry.blob_chunks(source, blob.digest, blob.size), blob.diff_id, source.name), start)

    def _while_running(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            if self.ended.is_set():
                raise RegistryError("the run has ended before the upload")
            yield chunk

    # Bases.

    def _facts(
        self, bases: Mapping[_Target, BaseImage], absent: Mapping[str, tuple[PublishImage, Stage]]
    ) -> dict[ImageReference, BaseFacts]:
        """What is known of the bases of layers that are to be made; repositories are asked only for what decides about these."""
        found: dict[ImageReference, BaseFacts] = {}
        compiled = {image.plan.base for image, stage in absent.values() if has_bytecode(stage)}
        for target, base in bases.items():
            plan = target.image.plan
            facts = found.get(plan.base, BaseFacts())
            python = facts.python
            if plan.base in compiled and not plan.names_python and not python:
                here = local_pythons(plan.runtime.removeprefix("python"))
                places = [target.repository, *(reference.name for reference in self._reuse)]
                known = [
                    version for version in here if any(self._repositories[name].has_manifest(python_tag(base, version)) for name in places)
                ]
                python = known[0] if known else ""
            found[plan.base] = BaseFacts(python=python, diff_ids={**facts.diff_ids, plan.platform: base.diff_ids})
        return found

    def _bring_base(self, base: BaseImage, source: ImageReference, repository: str) -> bool:
        """Bring the layers of a base, unless the repository has an image on it; gives whether it has."""
        if self._repositories[repository].has_manifest(base_tag(base)):
            return True
        with told(Task(action="bringing", subject=source.tagged, place=repository), self._report):
            self._bring_layers(base, source, repository)
        return False

    def _bring_layers(self, base: BaseImage, source: ImageReference, repository: str) -> bool:
        """Bring the layers of a base; gives whether any was not there."""
        names = {layer: (f"layer {number} of {len(base.layers)}", source.tagged) for number, layer in enumerate(base.layers, 1)}
        # Of its own threads: those of the run may all be waiting for layers.
        with ThreadPoolExecutor(_THREADS) as pool:
            ways = list(pool.map(lambda layer: self._transfer(layer, source, repository, names[layer]), base.layers))
        return any(way != "found" for way in ways)

    # Images.

    def _assembled(
        self,
        bases: Mapping[_Target, BaseImage],
        layers: Mapping[tuple[str, str], tuple[LayerBlob, LayerResult]],
        tagged: Collection[tuple[str, str]],
    ) -> list[_Assembled]:
        """Images whose layers are there; the first that has a layer or a base without a tag gives it one."""
        assembled, taken = [], set(tagged)
        for target, base in bases.items():
            plan = target.image.plan
            places = [(target.repository, target.image.key(plan.stage(name))) for name in plan.above_base]
            documents = image_documents(plan, base, [layers[place][0] for place in places])
            tags = {place: key_tag(place[1]) for place in places}
            tags[target.repository, base.digest] = base_tag(base)
            if python := self._maker.pythons.get(plan.base, ""):
                tags[target.repository, python_tag(base, python)] = python_tag(base, python)
            own = tuple(dict.fromkeys(tag for place, tag in tags.items() if place not in taken))
            taken |= tags.keys()
            assembled.append(_Assembled(target, documents, tuple(layers[place][1] for place in places), own))
        return assembled

    def _push_images(self, images: Sequence[_Assembled]) -> dict[_Target, ImageResult]:
        """Push what there is of images besides their layers: all configurations first, and their own tags last."""
        list(self._pool.map(self._push_config, images))
        list(self._pool.map(lambda work: self._tag(*work), [(image, tag) for image in images for tag in image.tags]))
        return dict(zip((image.target for image in images), self._pool.map(self._push_manifest, images), strict=True))

    def _push_config(self, image: _Assembled) -> None:
        repository, documents = self._of(image.target), image.documents
        if not repository.has_blob(documents.config_digest):
            repository.upload(documents.config_digest, len(documents.config), lambda at: (documents.config[at:],))

    def _tag(self, image: _Assembled, tag: str) -> None:
        self._of(image.target).add_tag(tag, MANIFEST, image.documents.manifest)

    def _push_manifest(self, image: _Assembled) -> ImageResult:
        target = image.target
        self._of(target).put_manifest(str(target.reference.tag), MANIFEST, image.documents.manifest)
        self._report(Pushed(str(target.reference)))
        return image.result


def _distinct_bases(bases: Mapping[_Target, BaseImage]) -> dict[tuple[str, str], tuple[BaseImage, ImageReference, str]]:
    """By repository and digest, each base with the reference to read it from, and the repository's name."""
    return {(target.repository, base.digest): (base, target.image.plan.base, target.repository) for target, base in bases.items()}


def _with_siblings(places: Collection[tuple[str, str]], among: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The places, and those of layers that are found and made together with them."""
    tags = {(repository, key_tag(key)) for repository, key in places}
    return [(repository, key) for repository, key in among if (repository, key_tag(key)) in tags]
