"""What makes a tree on this machine, and the archive of what it made."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from optimizer.builders.docker.actions import Script
from optimizer.builders.tar import END, TarEntry, header, padding
from optimizer.errors import ImageError
from optimizer.model.plan import TREE, BuildPlan, Stage

_READ = 1 << 20
_WHITEOUT = ".wh."


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseFacts:
    """What is known of a base image.

    ``python`` is the exact version of its Python, such as ``3.13.5``, where
    this machine has that version too; else empty.
    """

    python: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeRequest:
    """A tree to make: ``context`` is the build context with the stage's inputs, at their paths in the project.

    ``secrets`` are the sources of build secrets by id, as ``docker build
    --secret`` takes them, with absolute paths.
    """

    plan: BuildPlan
    stage: Stage
    context: Path
    facts: BaseFacts
    secrets: Mapping[str, str] = field(default_factory=dict)


class Obstacle(Exception):
    """A tree that this machine turns out to be unable to make: the text says why, as :meth:`HostTree.obstacle` does."""


class HostTree(Protocol):
    """Makes the trees of one kind of recipes."""

    def obstacle(self, request: TreeRequest) -> str:
        """Why the tree cannot be made on this machine, in a few words; empty where it can be.

        Runs nothing but programs that tell their version.
        """

    def make(self, request: TreeRequest, directory: Path) -> None:
        """Make the tree in a directory that is empty: what is in it will be at ``/`` of the image.

        Owners, times and modes need not be those of the layer.  Raises
        :class:`Obstacle` where only now it is known that an engine has to make
        it, and :class:`OptimizerError`; then nobody looks at the directory.
        """


def script_command(script: Script, directory: Path, tree: str) -> tuple[str, ...]:
    """The command that runs a script of a stage on this machine: written into the directory, with another tree than the stage's."""
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / script.name
    file.write_text(script.text, encoding="utf-8")
    return (*script.interpreter, str(file), *(tree if word == TREE else word for word in script.arguments))


def tree_chunks(root: Path, place: str) -> Iterator[bytes]:
    """A directory as the archive of a layer: root's files of one time, 0755 for directories and what anyone may execute, else 0644.

    Raises :class:`ImageError` for what no layer holds; ``place`` names the
    stage.
    """
    yield from _below(os.fsencode(root), b"", place)
    yield END


def _below(directory: bytes, above: bytes, place: str) -> Iterator[bytes]:
    for name in sorted(os.listdir(directory)):
        full, path = os.path.join(directory, name), above + name
        text = os.fsdecode(path)
        if os.fsdecode(name).startswith(_WHITEOUT):
            raise ImageError(
                f'"{text}" of the stage "{place}" starts with {_WHITEOUT}, which in a layer deletes a file instead of adding one',
                place,
                "rename or remove the file",
            )
        status = os.lstat(full)
        if stat.S_ISDIR(status.st_mode):
            yield header(TarEntry(text, "directory", 0o755))
            yield from _below(full, path + b"/", place)
        elif stat.S_ISLNK(status.st_mode):
            yield header(TarEntry(text, "symlink", 0o777, target=os.fsdecode(os.readlink(full))))
        elif stat.S_ISREG(status.st_mode):
            yield header(TarEntry(text, "file", 0o755 if status.st_mode & 0o111 else 0o644, status.st_size))
            yield from _content(full, status.st_size, text)
            yield padding(status.st_size)
        else:
            raise ImageError(f'"{text}" of the stage "{place}" is neither a file, a directory nor a link', place, "remove it")


def _content(path: bytes, size: int, text: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while chunk := file.read(_READ):
            size -= len(chunk)
            yield chunk
    if size:
        raise ImageError(f'"{text}" changed while it was read', hint="publish again")
