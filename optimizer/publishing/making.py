"""Makes the layers that no repository has: from what lies in the build context, or stage by stage in a container engine."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from optimizer.adapters.engine import docker_program
from optimizer.adapters.images.tar import Budget, TarReader
from optimizer.adapters.stage_trees import build_trees
from optimizer.builders.direct.compress import compress
from optimizer.builders.direct.image import LayerBlob
from optimizer.builders.direct.tree import layer_chunks
from optimizer.builders.docker.render import archive_path
from optimizer.errors import EngineError, Fault, ImageError
from optimizer.model.plan import Stage
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
    """Makes layers in a directory of its own; without ``engine`` it never asks a container engine."""

    def __init__(self, directory: Path, pool: ThreadPoolExecutor, report: Report, *, engine: bool = True) -> None:
        self._directory = directory
        self._pool = pool
        self._report = report
        self._engine = engine

    def make(self, wanted: Mapping[str, tuple[PublishImage, Stage]]) -> dict[str, MadeLayer]:
        """The layers of the stages, by key.

        Raises :class:`EngineError` for stages that need a container engine
        where there is none, all of them at once, and :class:`ImageError` for a
        build context that is not as it was written.
        """
        packed = {key: work for key, work in wanted.items() if work[1].archive_alone}
        built = {key: work for key, work in wanted.items() if key not in packed}
        self._check_engine(built.values())
        futures = {key: self._pool.submit(self._packed, key, *work) for key, work in packed.items()}
        made = self._built(built)
        return {**made, **{key: future.result() for key, future in futures.items()}}

    def _packed(self, key: str, image: PublishImage, stage: Stage) -> MadeLayer:
        path = image.directory / archive_path(stage.name)
        try:
            return self._layer(key, stage, path)
        except FileNotFoundError:
            raise ImageError(f'the archive "{path}" is missing', image.name, "run cdk synth again") from None

    def _built(self, wanted: Mapping[str, tuple[PublishImage, Stage]]) -> dict[str, MadeLayer]:
        """Layers of an engine: one build for all stages of one image."""
        by_image: dict[Path, list[tuple[str, PublishImage, Stage]]] = {}
        for key, (image, stage) in wanted.items():
            by_image.setdefault(image.directory, []).append((key, image, stage))
        made: dict[str, MadeLayer] = {}
        for number, work in enumerate(by_image.values()):
            image = work[0][1]
            names = [stage.name for _, _, stage in work]
            self._report(f"building {', '.join(names)} of {image.name}")
            archive = self._directory / f"trees-{number}.tar"
            started = time.monotonic()
            build_trees(image.plan, names, image.directory, image.options, archive)
            self._report(f"built {', '.join(names)} of {image.name} in {time.monotonic() - started:.1f} s")
            made.update({key: self._layer(key, stage, archive, stage.name) for key, _, stage in work})
            archive.unlink()
        return made

    def _layer(self, key: str, stage: Stage, archive: Path, prefix: str = "") -> MadeLayer:
        started = time.monotonic()
        target = self._directory / f"{key}.tar.gz"
        with archive.open("rb") as source, target.open("wb") as file:
            reader = TarReader(source, f'the tree of "{stage.name}"', Budget(), seekable=True)
            done = compress(layer_chunks(reader, stage.name, prefix), file)
        blob = LayerBlob(digest=done.digest, size=done.size, diff_id=done.diff_id, key=key)
        return MadeLayer(blob=blob, file=target, seconds=time.monotonic() - started)

    def _check_engine(self, work: Iterable[tuple[PublishImage, Stage]]) -> None:
        if self._engine and shutil.which(docker_program()) is not None:
            return
        why = "and there is none on this machine" if self._engine else "which --no-engine rules out"
        faults = [
            Fault(
                f'the stage "{stage.name}" ({stage.title}) is in no repository, and is made in a container engine, {why}',
                image.name,
                "publish once where an engine is, or name a repository that has the layer with --reuse",
            )
            for image, stage in work
        ]
        if faults:
            raise EngineError(faults)
