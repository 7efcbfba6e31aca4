"""Makes the layers that no repository has: from what lies in the build context, or stage by stage in a container engine."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from optimizer.adapters.engine_program import engine_program
from optimizer.adapters.host.pythons import local_pythons
from optimizer.adapters.host.tree import BaseFacts, HostTree, Images, Obstacle, SharedTrees, TreeRequest, tree_chunks
from optimizer.adapters.images.tar import Budget, TarReader
from optimizer.adapters.progress import told
from optimizer.builders.claims import claims
from optimizer.builders.direct.compress import compress
from optimizer.builders.direct.image import LayerBlob
from optimizer.builders.direct.tree import layer_chunks
from optimizer.builders.overlaps import DIRECTORY
from optimizer.builders.parts import is_part
from optimizer.builders.tar import TarEntry
from optimizer.errors import EngineError, Fault, ImageError
from optimizer.model.plan import BuildPlan, Stage, archive_path
from optimizer.model.progress import Report, Task
from optimizer.model.reference import ImageReference
from optimizer.model.secret import rebased_source
from optimizer.publishing.images import PublishImage

_READ = 1 << 20
_AGAIN = "run cdk synth again"


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeLayer:
    """A layer that was made: its compressed bytes are in the file; ``seconds`` is what it took, those of an engine's build without its share.

    ``entries`` are what it holds, by path, as :func:`overlaps` takes them.
    """

    blob: LayerBlob
    file: Path
    seconds: float
    entries: Mapping[str, Hashable]

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """The compressed bytes, from one of them on."""
        with self.file.open("rb") as file:
            file.seek(start)
            while chunk := file.read(_READ):
                yield chunk


Done = Callable[[str, MadeLayer], None]
"""Takes a layer that was made, and its key."""


def forgotten(key: str, layer: MadeLayer) -> None:
    """Takes nothing."""


class LayerMaker:
    """Makes layers in a directory of its own.

    ``images`` are those that trees are made with, or of.  Without ``host``
    nothing but what lies in the build context is made on this machine, and
    without ``engine`` no container engine is asked.
    """

    def __init__(
        self,
        directory: Path,
        pool: ThreadPoolExecutor,
        report: Report,
        images: Images,
        *,
        host: bool = True,
        engine: bool = True,
    ) -> None:
        self._directory = directory
        self._pool = pool
        self._report = report
        self._images = images
        self._host = host
        self._engine = engine
        self._done: Done = forgotten
        self._shared = SharedTrees(directory)
        self._facts: dict[ImageReference, BaseFacts] = {}
        self.pythons: dict[ImageReference, str] = {}
        """The exact versions of the bases' Pythons that engines have told."""

    def make(
        self, wanted: Mapping[str, tuple[PublishImage, Stage]], facts: Mapping[ImageReference, BaseFacts], done: Done = forgotten
    ) -> dict[str, MadeLayer]:
        """The layers of the stages, by key; ``facts`` are those of the bases by their references, and ``done`` is called for each as soon as it is made, from any thread.

        Raises :class:`EngineError` for stages that need a container engine
        where there is none, all of them at once, and :class:`ImageError` for a
        build context that is not as it was written.
        """
        self._check_contexts(wanted.values())
        self._facts = dict(facts)
        self._done = done
        if self._host and self._has_engine():
            self._ask_pythons(wanted.values())
        futures: dict[str, Future[MadeLayer]] = {}
        built: list[_Work] = []
        for key, (image, stage) in wanted.items():
            if stage.archive_alone:
                futures[key] = self._pool.submit(self._packed, key, image, stage)
            elif obstacle := self._obstacle(request := self._request(image, stage)):
                built.append(_Work(key, image, stage, obstacle))
            else:
                futures[key] = self._pool.submit(self._made_here, key, image, request)
        if not self._has_engine():
            # What turns out to need one is told together with what is known to.
            self._check_engine([*built, *_obstructed(futures, wanted)])
        made = self._installed([work for work in built if work.stage.in_place])
        made.update(self._built(work for work in built if not work.stage.in_place))
        late = _obstructed(futures, wanted)
        made.update(self._built(late))
        again = {work.key for work in late}
        return {**made, **{key: future.result() for key, future in futures.items() if key not in again}}

    def _check_contexts(self, wanted: Iterable[tuple[PublishImage, Stage]]) -> None:
        """Raise ImageError for all that the stages would read and that is not as it was written, which their keys stand for."""
        stages: dict[str, tuple[PublishImage, list[str]]] = {}
        for image, stage in wanted:
            stages.setdefault(str(image.directory), (image, []))[1].append(stage.name)
        found = self._pool.map(lambda item: [fault.under(item[0].name) for fault in _changed(*item)], stages.values())
        if faults := [fault for each in found for fault in each]:
            raise ImageError(faults)

    def _ask_pythons(self, wanted: Iterable[tuple[PublishImage, Stage]]) -> None:
        """Ask bases for the exact versions of their Pythons, where this machine may have them and so make what an engine else would."""
        for image, stage in wanted:
            base, minor = image.plan.base, image.plan.runtime.removeprefix("python")
            if self._knows_python(image.plan) or not has_bytecode(stage) or not local_pythons(minor):
                continue
            with told(Task(action="asking", subject=base.tagged, place=image.name), self._report) as task:
                self._tree_archive(image, (), facts=True).unlink()
                task.outcome = self.pythons[base]

    def _knows_python(self, plan: BuildPlan) -> bool:
        """Whether no engine has to tell the exact version of the base's Python."""
        return plan.names_python or plan.base in self.pythons or bool(self._facts.get(plan.base, BaseFacts()).python)

    def _tree_archive(self, image: PublishImage, stages: Sequence[str], *, facts: bool) -> Path:
        """The archive of an engine's build of stages; what it tells of the base is remembered."""
        from optimizer.adapters.stage_trees import build_trees

        archive = self._directory / "trees.tar"
        build_trees(image.plan, stages, image.directory, image.options, archive, facts=facts)
        if facts:
            base = image.plan.base
            version = self.pythons[base] = _python_fact(archive)
            if version in local_pythons(version.rpartition(".")[0]):
                self._facts[base] = replace(self._facts.get(base, BaseFacts()), python=version)
        return archive

    def _obstacle(self, request: TreeRequest) -> str:
        """Why the tree has to be made in a container; empty where it has not."""
        maker = _host_tree(request.stage)
        if maker is None:
            return "it changes the base's own file system" if request.stage.in_place else "it is made in a container only"
        return maker.obstacle(request) if self._host else "--no-host leaves it to an engine"

    def _packed(self, key: str, image: PublishImage, stage: Stage) -> MadeLayer:
        path = image.directory / archive_path(stage.name)
        try:
            with told(_making(image, stage), self._report):
                return self._of_archive(key, stage, path)
        except ImageError as error:
            # It holds the right files, in another form than that of a layer, and no engine was asked.
            raise ImageError(f'the archive "{path}" is not as it was written: {error.faults[0].message}', image.name, _AGAIN) from None

    def _made_here(self, key: str, image: PublishImage, request: TreeRequest) -> MadeLayer:
        started = time.monotonic()
        maker = _host_tree(request.stage)
        assert maker is not None
        with (
            told(_making(image, request.stage), self._report),
            tempfile.TemporaryDirectory(prefix="tree-", dir=self._directory) as directory,
        ):
            maker.make(request, Path(directory))
            noted = _Noted()
            return self._compressed(key, request.stage, tree_chunks(Path(directory), request.stage.name, noted.add), noted, started)

    def _installed(self, works: Iterable[_Work]) -> dict[str, MadeLayer]:
        """Layers of an engine for stages in place, always all of one image."""
        made: dict[str, MadeLayer] = {}
        for same in _by_image(works):
            # Imported here: most runs install no system packages.
            from optimizer.adapters.stage_layers import stage_layers

            image = same[0].image
            base = self._facts[image.plan.base].diff_ids[image.plan.platform]
            with told(_building(same), self._report):
                for stage, chunks in stage_layers(image.plan, image.directory, image.options, base):
                    key = image.key(stage)
                    made[key] = self._compressed(key, stage, chunks, _Noted(), time.monotonic())
        return made

    def _built(self, works: Iterable[_Work]) -> dict[str, MadeLayer]:
        """Layers of an engine: one build for all stages of one image."""
        made: dict[str, MadeLayer] = {}
        for same in _by_image(works):
            image = same[0].image
            ask = not self._knows_python(image.plan) and any(has_bytecode(work.stage) for work in same)
            with told(_building(same), self._report):
                archive = self._tree_archive(image, [work.stage.name for work in same], facts=ask)
            layers = [self._pool.submit(self._of_archive, work.key, work.stage, archive, work.stage.name) for work in same]
            made.update({work.key: layer.result() for work, layer in zip(same, layers, strict=True)})
            archive.unlink()
        return made

    def _request(self, image: PublishImage, stage: Stage) -> TreeRequest:
        directory = os.path.abspath(image.directory)
        secrets = {name: rebased_source(source, directory) for name, source in image.options.secrets.items()}
        facts = self._facts.get(image.plan.base, BaseFacts())
        return TreeRequest(
            plan=image.plan,
            stage=stage,
            context=image.directory,
            facts=facts,
            secrets=secrets,
            images=self._images,
            source_key=image.key(image.plan.stage(stage.taken_from)) if stage.taken_from is not None else "",
            shared=self._shared,
        )

    def _of_archive(self, key: str, stage: Stage, archive: Path, prefix: str = "") -> MadeLayer:
        started = time.monotonic()
        with archive.open("rb") as source:
            reader = TarReader(source, f'the tree of "{stage.name}"', Budget(), seekable=True)
            noted = _Noted()
            return self._compressed(key, stage, layer_chunks(reader, stage.name, prefix, noted.add), noted, started)

    def _compressed(self, key: str, stage: Stage, chunks: Iterable[bytes], noted: _Noted, started: float) -> MadeLayer:
        target = self._directory / f"{key}.tar.gz"
        with target.open("wb") as file:
            done = compress(chunks, file)
        paths = claims({path: entry == DIRECTORY for path, entry in noted.entries.items()}) if is_part(stage) else ()
        blob = LayerBlob(digest=done.digest, size=done.size, diff_id=done.diff_id, key=key, paths=paths)
        layer = MadeLayer(blob=blob, file=target, seconds=time.monotonic() - started, entries=noted.entries)
        self._done(key, layer)
        return layer

    def _has_engine(self) -> bool:
        return self._engine and shutil.which(engine_program().name) is not None

    def _check_engine(self, works: Iterable[_Work]) -> None:
        why = "there is none on this machine" if self._engine else "--no-engine rules it out"
        faults = [
            Fault(
                f'no repository has the stage "{work.stage.name}" ({work.stage.title}); it needs a container engine, because '
                f"{work.obstacle}, and {why}",
                work.image.name,
                "publish once where an engine is, or name a repository that has the layer with --reuse",
            )
            for work in works
        ]
        if faults:
            raise EngineError(faults)


class _Noted:
    """The entries of a layer while it is written."""

    def __init__(self) -> None:
        self.entries: dict[str, Hashable] = {}

    def add(self, entry: TarEntry) -> None:
        # A hard link is the file of another path, which is compared itself.
        if entry.kind != "hardlink":
            self.entries[entry.path] = DIRECTORY if entry.kind == "directory" else entry[1:]


@dataclass(frozen=True, slots=True)
class _Work:
    """A stage that an engine makes, and why."""

    key: str
    image: PublishImage
    stage: Stage
    obstacle: str


def _changed(image: PublishImage, stages: Sequence[str]) -> list[Fault]:
    # Imported here: most runs find all layers, and read no build context.
    from optimizer.adapters.context_contents import changed_inputs

    return changed_inputs(image.kept, stages, image.directory)


def _by_image(works: Iterable[_Work]) -> list[list[_Work]]:
    found: dict[Path, list[_Work]] = {}
    for work in works:
        found.setdefault(work.image.directory, []).append(work)
    return list(found.values())


def _building(works: Sequence[_Work]) -> Task:
    """What an engine does for stages of one image."""
    reason = "; ".join(dict.fromkeys(work.obstacle for work in works))
    return Task(action="building", subject=", ".join(work.stage.name for work in works), place=works[0].image.name, reason=reason)


def _making(image: PublishImage, stage: Stage) -> Task:
    return Task(action="making", subject=stage.name, place=image.name)


def has_bytecode(stage: Stage) -> bool:
    """Whether the stage compiles, so that the exact Python of its base decides what it makes."""
    return bool(getattr(stage.recipe, "bytecode", False))


def _obstructed(futures: Mapping[str, Future[MadeLayer]], wanted: Mapping[str, tuple[PublishImage, Stage]]) -> list[_Work]:
    """What was begun on this machine, and turned out to need an engine; waits for all of it."""
    found = []
    for key, future in futures.items():
        error = future.exception()
        if isinstance(error, Obstacle):
            found.append(_Work(key, *wanted[key], str(error)))
    return found


def _host_tree(stage: Stage) -> HostTree | None:
    # Imported here: most runs find all layers, or pack files, and need none of what makes others.
    from optimizer.adapters.host.makers import HOST_TREES

    return HOST_TREES.get(stage.recipe.kind)


def _python_fact(archive: Path) -> str:
    from optimizer.builders.docker.render import PYTHON_FACT

    with archive.open("rb") as source:
        reader = TarReader(source, "the facts of the base", Budget(), seekable=True)
        for entry in reader:
            if entry.path == PYTHON_FACT:
                return b"".join(reader.content()).decode("ascii", "replace")
    return ""
