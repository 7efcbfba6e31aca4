"""What makes a tree on this machine, and the archive of what it made."""

from __future__ import annotations

import os
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from optimizer.builders.tar import END, EntryNote, TarEntry, header, padding, unnoted
from optimizer.errors import ImageError, RegistryError
from optimizer.model.image import ImageSource
from optimizer.model.plan import TREE, BuildPlan, Stage
from optimizer.model.reference import ImageReference

if TYPE_CHECKING:
    from optimizer.builders.docker.actions import Script

_READ = 1 << 20
_WHITEOUT = ".wh."


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseFacts:
    """What is known of a base image.

    ``python`` is the exact version of its Python, such as ``3.13.5``, where
    this machine has that version too; else empty.  ``diff_ids`` are those of
    its layers, by platform: a pinned reference may name several images.
    """

    python: str = ""
    diff_ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)


class Images(Protocol):
    """Images in their registries.

    Raises :class:`RegistryError`, and :class:`ImageError` for images that are
    damaged, or not there for the platform.
    """

    def variables(self, image: ImageReference) -> Mapping[str, str]:
        """What the image sets where it runs on this machine."""

    def opened(self, image: ImageReference, platform: str) -> ImageSource:
        """The image for a platform, whose layers are read as they are asked for."""


class NoImages:
    """Images that nobody can ask for."""

    def variables(self, image: ImageReference) -> Mapping[str, str]:
        raise RegistryError("no registry is asked")

    def opened(self, image: ImageReference, platform: str) -> ImageSource:
        raise RegistryError("no registry is asked")


class SharedTrees:
    """Trees that parts are taken from, each made once, in a directory that stays as long as anybody takes something.

    Without a directory nothing is shared.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._trees: dict[str, Future[Path]] = {}

    def tree(self, key: str, make: Callable[[Path], None], scratch: Path) -> Path:
        """The tree of that key, which the first of those that ask for it makes; ``scratch`` is for one that is not shared.

        Raises whatever making it raised.
        """
        if self._directory is None or not key:
            return self._made(make, scratch)
        with self._lock:
            mine = key not in self._trees
            future = self._trees.setdefault(key, Future())
        if mine:
            try:
                future.set_result(self._made(make, self._directory))
            except BaseException as error:
                future.set_exception(error)
                raise
        return future.result()

    @staticmethod
    def _made(make: Callable[[Path], None], directory: Path) -> Path:
        tree = Path(tempfile.mkdtemp(prefix="installed-", dir=directory))
        make(tree)
        return tree


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeRequest:
    """A tree to make: ``context`` is the build context with the stage's inputs, at their paths in the project.

    ``secrets`` are the sources of build secrets by id, as ``docker build
    --secret`` takes them, with absolute paths.  ``source_key`` is the key of the
    stage that the tree is taken from, which ``shared`` may have.
    """

    plan: BuildPlan
    stage: Stage
    context: Path
    facts: BaseFacts
    secrets: Mapping[str, str] = field(default_factory=dict)
    images: Images = field(default_factory=NoImages)
    source_key: str = ""
    shared: SharedTrees = field(default_factory=SharedTrees, hash=False, compare=False)

    @property
    def python(self) -> str:
        """The exact version of the base's Python, which this machine need not have; empty where neither the recipe nor the facts tell it."""
        return self.stage.recipe.exact_programs.get("python", self.facts.python)


class Obstacle(Exception):
    """A tree that this machine turns out to be unable to make: the text says why, as :meth:`HostTree.obstacle` does."""


class HostTree(Protocol):
    """Makes the trees of one kind of recipes."""

    def obstacle(self, request: TreeRequest) -> str:
        """Why the tree cannot be made on this machine, in a few words; empty where it can be.

        Runs nothing but programs that tell their version, and asks nothing of
        the network but variables of images.
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


def tree_chunks(root: Path, place: str, note: EntryNote = unnoted) -> Iterator[bytes]:
    """A directory as the archive of a layer: root's files of one time, 0755 for directories and what anyone may execute, else 0644.

    Raises :class:`ImageError` for what no layer holds; ``place`` names the
    stage.
    """
    yield from _below(os.fsencode(root), b"", place, note)
    yield END


def _below(directory: bytes, above: bytes, place: str, note: EntryNote) -> Iterator[bytes]:
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
            entry = TarEntry(text, "directory", 0o755)
        elif stat.S_ISLNK(status.st_mode):
            entry = TarEntry(text, "symlink", 0o777, target=os.fsdecode(os.readlink(full)))
        elif stat.S_ISREG(status.st_mode):
            entry = TarEntry(text, "file", 0o755 if status.st_mode & 0o111 else 0o644, status.st_size)
        else:
            raise ImageError(f'"{text}" of the stage "{place}" is neither a file, a directory nor a link', place, "remove it")
        note(entry)
        yield header(entry)
        if entry.kind == "directory":
            yield from _below(full, path + b"/", place, note)
        elif entry.kind == "file":
            yield from _content(full, status.st_size, text)
            yield padding(status.st_size)


def _content(path: bytes, size: int, text: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while chunk := file.read(_READ):
            size -= len(chunk)
            yield chunk
    if size:
        raise ImageError(f'"{text}" changed while it was read', hint="publish again")
