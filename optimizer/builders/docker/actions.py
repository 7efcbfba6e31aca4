"""What a stage of a Dockerfile does: the instructions of a recipe, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from optimizer.dockerfile.rendered import SCRIPTS
from optimizer.model.inputs import Input
from optimizer.model.reference import ImageReference
from optimizer.model.secret import BuildSecret

NOTES = "/slim"
"""The directory in which a stage that leaves files out reports them: ``report.json``, which is in no tree."""


PARTS = "/parts"
"""The directory in which a run finds trees of other stages that it only reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyInputs:
    """Put files of the project into the stage, writable."""

    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddArchive:
    """Unpack the archive of the stage's packed files into the tree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyTree:
    """Put a directory of another stage or image into this stage.

    ``origin`` is the name of an earlier stage, or an image.
    """

    origin: str | ImageReference
    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextFile:
    """A text of this tool that a stage reads as a file of the build context; files of one name have one text."""

    name: str
    text: str

    folder: ClassVar[str] = "requirements"

    @property
    def context_path(self) -> str:
        """Where the build context has the file."""
        return f"{self.folder}/{self.name}"

    @property
    def path(self) -> str:
        """Where the stage has the file while it runs."""
        return f"{SCRIPTS}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script(ContextFile):
    """A script of this tool.

    ``interpreter`` takes the path of the file and ``arguments`` as its next
    arguments.
    """

    folder: ClassVar[str] = "scripts"

    interpreter: tuple[str, ...]
    arguments: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The command that runs it."""
        return (*self.interpreter, self.path, *self.arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Run commands, one after another, until one fails; each is an argument list, or a script.

    ``reads`` are inputs that the commands only read, and ``files`` texts of this
    tool; ``trees`` are names of earlier stages, whose trees they find in
    directories of those names below :data:`PARTS`.  ``caches`` are absolute
    paths of directories whose contents may vanish between builds and reach no
    layer, each for one writer at a time; ``shared_caches`` the same, for many
    writers; ``environment`` holds for these commands alone.  Without
    ``network`` they reach none, and the builder need not set one up.
    """

    commands: tuple[tuple[str, ...] | Script, ...]
    reads: tuple[Input, ...] = ()
    files: tuple[ContextFile, ...] = ()
    trees: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    shared_caches: tuple[str, ...] = ()
    secrets: tuple[BuildSecret, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    network: bool = True


Action = CopyInputs | AddArchive | CopyTree | Run


@dataclass(frozen=True, slots=True, kw_only=True)
class StageBody:
    """The instructions of one stage below its FROM; ``workdir`` is absolute, ``arguments`` are build arguments."""

    actions: tuple[Action, ...]
    workdir: str = "/"
    arguments: tuple[tuple[str, str], ...] = ()
