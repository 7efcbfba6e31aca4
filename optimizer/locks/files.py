"""The project as readers of manifests see it, and its directories as one leads to another."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol


class ProjectFiles(Protocol):
    """The project as planning sees it: cheap look-ups and small text files; paths are relative to the project's root."""

    @property
    def root(self) -> Path:
        """The root itself, for messages alone."""

    def kind(self, path: str) -> str | None:
        """``file``, ``directory``, or None when there is neither."""

    def read_text(self, path: str) -> str:
        """The text of a file; raises ContextError when it cannot be read as UTF-8."""


def leaves(path: str) -> bool:
    """Whether a path in normal form leaves the project."""
    return path == ".." or path.startswith(("../", "/"))


def is_file(files: ProjectFiles, path: str) -> bool:
    """Whether a file of the project stands at the path."""
    return not leaves(path) and files.kind(path) == "file"


def is_directory(files: ProjectFiles, path: str) -> bool:
    """Whether a directory of the project stands at the path."""
    return not leaves(path) and files.kind(path) == "directory"


def joined(directory: str, name: str) -> str:
    """The path of what a file in the directory calls ``name``, in normal form."""
    return posixpath.normpath(posixpath.join(directory, name))


def directory_of(path: str) -> str:
    """The directory of a file; ``.`` is the project itself."""
    return posixpath.dirname(path) or "."


def upwards(directory: str) -> Iterator[str]:
    """The directory and every one above it in the project, nearest first; ``.`` last."""
    while directory != ".":
        yield directory
        directory = directory_of(directory)
    yield "."
