"""What the stages of an image read, out of the build context that its plan is kept beside."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path

from optimizer.adapters.images.tar import Budget, TarReader, hashed_entries
from optimizer.builders.docker.context import DOCKERFILE
from optimizer.builders.docker.render import context_scripts
from optimizer.errors import ContextError, ImageError
from optimizer.model.inputs import Input
from optimizer.model.plan import BuildPlan, Stage, archive_path
from optimizer.model.recipes.content import PackedFiles
from optimizer.project.files import Project


class ContextContents:
    """What the build context in a directory holds of the inputs of a plan."""

    def __init__(self, directory: Path, plan: BuildPlan) -> None:
        self._directory = directory
        self._project = Project(directory)
        # What the context has of its own is no file of the project.
        self._generated = frozenset({DOCKERFILE, *context_scripts(plan), *map(archive_path, plan.packed())})

    def files(self, stage: Stage, item: Input) -> Mapping[str, str] | None:
        """The mode and the digest of each file of an input by its path in the project; None where the context does not have them."""
        packed = stage.packed()
        try:
            if packed is not None:
                return _packed(packed, self._directory / archive_path(stage.name))
            entries = self._project.entries(item.source, item.exclude)
        except (OSError, ContextError, ImageError):
            return None
        return {path: f"{mode} {content}" for path, mode, content in entries if mode != "directory" and path not in self._generated}

    def text(self, path: str) -> str | None:
        """The text of a file that stands in the context as it is."""
        try:
            return self._project.read_text(path)
        except ContextError:
            return None


def _packed(packed: PackedFiles, archive: Path) -> dict[str, str]:
    files = packed.files
    top = posixpath.join(files.target.strip("/"), "").lstrip("/")
    found = {}
    with archive.open("rb") as file:
        for entry in hashed_entries(TarReader(file, f'the archive "{archive}"', Budget(), seekable=True)):
            if entry.kind != "directory":
                path = posixpath.join(files.source, entry.path.removeprefix(top)) if files.directory else files.source
                found[posixpath.normpath(path)] = f"{entry.mode:o} {entry.target} {entry.digest}"
    return found
