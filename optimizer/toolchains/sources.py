"""Where the directories that a program is built from stand in a stage: as they stand to one another in the project."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from optimizer.model.inputs import Input
from optimizer.toolchains.toolchain import GENERATED_FILES

WORKDIR = "/build"
NOT_SOURCES = (*GENERATED_FILES, "**/.venv", "**/node_modules", "**/.idea", "**/.vscode")
"""Patterns of what no compiler reads, left out of every directory of sources."""

OWN_FILES = ("optimizer.toml", "optimizer.lock", "*.image.toml", ".dockerignore", "Dockerfile")
"""Patterns of what describes images, left out of sources at the project's root."""


@dataclass(frozen=True, slots=True)
class Placement:
    """The places of a source and of the local packages that it names, below :data:`WORKDIR`.

    ``root`` is the nearest directory of the project above all of them.
    """

    source: str
    root: str

    @classmethod
    def of(cls, source: str, directories: Iterable[str] = ()) -> Placement:
        """The places of a source and of other directories of the project."""
        source = posixpath.normpath(source)
        return cls(source, posixpath.commonpath([source, *directories]) or ".")

    @property
    def workdir(self) -> str:
        """Where the source itself stands."""
        return self.place(self.source)

    def place(self, path: str) -> str:
        """Where a file or directory of the project stands in the stage."""
        return posixpath.normpath(posixpath.join(WORKDIR, posixpath.relpath(path, self.root)))

    def file(self, path: str) -> Input:
        """One file of the project."""
        target = posixpath.dirname(self.place(path))
        return Input(source=path, target=f"{target}/", directory=False)

    def files(self, paths: Iterable[str]) -> tuple[Input, ...]:
        """Files of the project, those of one directory together."""
        return tuple(self.file(path) for path in sorted(set(paths), key=lambda path: (posixpath.dirname(path), path)))

    def directory(self, path: str, exclude: Iterable[str] = ()) -> Input:
        """A directory of sources, without what no compiler reads."""
        own = OWN_FILES if path == "." else ()
        return Input(source=path, target=f"{self.place(path)}/", directory=True, exclude=(*NOT_SOURCES, *own, *exclude))

    def directories(self, paths: Iterable[str], exclude: Iterable[str] = ()) -> tuple[Input, ...]:
        """Directories of sources, sorted; none of them twice, alone or in another."""
        kept: list[str] = []
        for path in sorted({posixpath.normpath(path) for path in paths}):
            if not any(above == "." or path == above or path.startswith(f"{above}/") for above in kept):
                kept.append(path)
        return tuple(self.directory(path, exclude) for path in kept)
