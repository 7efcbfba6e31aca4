"""Makes the layers that no repository has: from what lies in the build context, or stage by stage in a container engine."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from optimizer.adapters.engine_program import engine_program
from optimizer.adapters.host import HOST_TREES
from optimizer.adapters.host.pythons import local_pythons
from optimizer.adapters.host.tree import BaseFacts, Obstacle, TreeRequest, tree_chunks
from optimizer.adapters.images.tar import Budget, TarReader
from optimizer.adapters.stage_trees import build_trees
from optimizer.builders.direct.compress import compress
from optimizer.builders.direct.image import LayerBlob
from optimizer.builders.direct.tree import layer_chunks
from optimizer.builders.docker.render import PYTHON_FACT, archive_path
from optimizer.errors import EngineError, Fault, ImageError
from optimizer.model.plan import Stage
from optimizer.model.reference import ImageReference
from optimizer.model.secret import rebased_source
from optimizer.publishing.images import PublishImage, Report

_READ = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeLayer:
    """A layer that was made: its compressed bytes are in the file; ``seconds`` is what it took, those of an engine's build without its share."""

    blob: LayerBlob
    file: Path
    seconds: float

    def chunks(self) -> Iterator[bytes]:
        """The compressed bytes."""
        with self.file.open("rb") as file:
            while chunk := file.read(_READ):
                yield chunk


class LayerMaker:
    """Makes layers in a directory of its own.

    ``facts`` are those of the bases by their references.  Without ``host``
    nothing but what lies in the build context is made on this machine, and
    without ``engine`` no container engine is asked.
    """

    def __init__(self, directory: Path, pool: ThreadPoolExecutor, report: Report, *, host: bool = True, engine: bool = True) -> None:
        self._directory = directory
        self._pool = pool
        self._report = report
        self._host = host
        self._engine = engine
        self._facts: dict[ImageReference, BaseFacts] = {}
        self.pythons: dict[ImageReference, str] = {}
        """The exact versions of the bases' Pythons that engines have told."""

    def make(self, wanted: Mapping[str, tuple[PublishImage, Stage]], facts: Mapping[ImageReference, BaseFacts]) -> dict[str, MadeLayer]:
        """The layers of the stages, by key.

        Raises :class:`EngineError` for stages that need a container engine
        where there is none, all of them at once, and :class:`ImageError` for a
        build context that is not as it was written.
        """
        self._facts = dict(facts)
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
                futures[key] = self._pool.submit(self._made_here, key, request)
        if not self._has_engine():
            # What turns out to need one is told together with what is known to.
            self._check_engine([*built, *_obstructed(futures, wanted)])
        made = self._built(built)
        late = _obstructed(futures, wanted)
        made.update(self._built(late))
        done = {work.key for work in late}
        return {**made, **{key: future.result() for key, future in futures.items() if key not in done}}

    def _ask_pythons(self, wanted: Iterable[tuple[PublishImage, Stage]]) -> None:
        """Ask bases for the exact versions of their Pythons, where this machine may have them and so make what an engine else would."""
        for image, stage in wanted:
            base, minor = image.plan.base, image.plan.runtime.removeprefix("python")
            if base in self.pythons or self._facts.get(base, BaseFacts()).python or not _has_bytecode(stage) or not local_pythons(minor):
                continue
            started = time.monotonic()
            self._tree_archive(image, (), facts=True).unlink()
            self._report(f"asked {base.tagged} for its Python in {time.monotonic() - started:.1f} s: {self.pythons[base]}")

    def _tree_archive(self, image: PublishImage, stages: Sequence[str], *, facts: bool) -> Path:
        """The archive of an engine's build of stages; what it tells of the base is remembered."""
        archive = self._directory / "trees.tar"
        build_trees(image.plan, stages, image.directory, image.options, archive, facts=facts)
        if facts:
            base = image.plan.base
            version = self.pythons[base] = _python_fact(archive)
            if version in local_pythons(version.rpartition(".")[0]):
                self._facts[base] = BaseFacts(python=version)
        return archive

    def _obstacle(self, request: TreeRequest) -> str:
        """Why the tree has to be made in a container; empty where it has not."""
        maker = HOST_TREES.get(request.stage.recipe.kind)
        if maker is None:
            return "it is made in a container only"
        return maker.obstacle(request) if self._host else "--no-host leaves it to an engine"

    def _packed(self, key: str, image: PublishImage, stage: Stage) -> MadeLayer:
        path = image.directory / archive_path(stage.name)
        if not path.is_file():
            raise ImageError(f'the archive "{path}" is missing', image.name, "run cdk synth again")
        return self._of_archive(key, stage, path)

    def _made_here(self, key: str, request: TreeRequest) -> MadeLayer:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="tree-", dir=self._directory) as directory:
            HOST_TREES[request.stage.recipe.kind].make(request, Path(directory))
            return self._compressed(key, tree_chunks(Path(directory), request.stage.name), started)

    def _built(self, works: Iterable[_Work]) -> dict[str, MadeLayer]:
        """Layers of an engine: one build for all stages of one image."""
        by_image: dict[Path, list[_Work]] = {}
        for work in works:
            by_image.setdefault(work.image.directory, []).append(work)
        made: dict[str, MadeLayer] = {}
        for same in by_image.values():
            image = same[0].image
            names = [work.stage.name for work in same]
            shown = f"{', '.join(names)} of {image.name}"
            self._report(f"building {shown}: {'; '.join(dict.fromkeys(work.obstacle for work in same))}")
            started = time.monotonic()
            told = image.plan.base in self.pythons or self._facts.get(image.plan.base, BaseFacts()).python
            archive = self._tree_archive(image, names, facts=not told and any(_has_bytecode(work.stage) for work in same))
            self._report(f"built {shown} in {time.monotonic() - started:.1f} s")
            made.update({work.key: self._of_archive(work.key, work.stage, archive, work.stage.name) for work in same})
            archive.unlink()
        return made

    def _request(self, image: PublishImage, stage: Stage) -> TreeRequest:
        directory = os.path.abspath(image.directory)
        secrets = {name: rebased_source(source, directory) for name, source in image.options.secrets.items()}
        facts = self._facts.get(image.plan.base, BaseFacts())
        return TreeRequest(plan=image.plan, stage=stage, context=image.directory, facts=facts, secrets=secrets)

    def _of_archive(self, key: str, stage: Stage, archive: Path, prefix: str = "") -> MadeLayer:
        started = time.monotonic()
        with archive.open("rb") as source:
            reader = TarReader(source, f'the tree of "{stage.name}"', Budget(), seekable=True)
            return self._compressed(key, layer_chunks(reader, stage.name, prefix), started)

    def _compressed(self, key: str, chunks: Iterable[bytes], started: float) -> MadeLayer:
        target = self._directory / f"{key}.tar.gz"
        with target.open("wb") as file:
            done = compress(chunks, file)
        blob = LayerBlob(digest=done.digest, size=done.size, diff_id=done.diff_id, key=key)
        return MadeLayer(blob=blob, file=target, seconds=time.monotonic() - started)

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


@dataclass(frozen=True, slots=True)
class _Work:
    """A stage that an engine makes, and why."""

    key: str
    image: PublishImage
    stage: Stage
    obstacle: str


def _has_bytecode(stage: Stage) -> bool:
    return bool(getattr(stage.recipe, "bytecode", False))


def _obstructed(futures: Mapping[str, Future[MadeLayer]], wanted: Mapping[str, tuple[PublishImage, Stage]]) -> list[_Work]:
    """What was begun on this machine, and turned out to need an engine; waits for all of it."""
    found = []
    for key, future in futures.items():
        error = future.exception()
        if isinstance(error, Obstacle):
            found.append(_Work(key, *wanted[key], str(error)))
    return found


def _python_fact(archive: Path) -> str:
    with archive.open("rb") as source:
        reader = TarReader(source, "the facts of the base", Budget(), seekable=True)
        for entry in reader:
            if entry.path == PYTHON_FACT:
                return b"".join(reader.content()).decode("ascii", "replace")
    return ""
