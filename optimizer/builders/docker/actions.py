"""What a stage of a Dockerfile does: the instructions of a recipe, as values."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.model.inputs import Input
from optimizer.model.reference import ImageReference
from optimizer.model.secret import BuildSecret

NOTES = "/slim"
"""The directory in which a stage that leaves files out reports them: ``report.json``, which is in no tree."""

SCRIPTS = "/scripts"
"""The directory in which a stage finds the scripts that it runs."""


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
class Script:
    """A script of this tool, which a stage runs as a file of the build context.

    ``interpreter`` takes the path of the file and ``arguments`` as its next
    arguments.  ``name`` is that of the file; scripts of one name have one text.
    """

    name: str
    text: str
    interpreter: tuple[str, ...]
    arguments: tuple[str, ...] = ()

    @property
    def context_path(self) -> str:
        """Where the build context has the file."""
        return f"scripts/{self.name}"

    @property
    def path(self) -> str:
        """Where the stage has the file while it runs."""
        return f"{SCRIPTS}/{self.name}"

    @property
    def words(self) -> tuple[str, ...]:
        """The command that runs it."""
        return (*self.interpreter, self.path, *self.arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Run commands, one after another, until one fails; each is an argument list, or a script.

    ``reads`` are inputs that the commands only read; ``caches`` are absolute
    paths of directories whose contents may vanish between builds and reach no
    layer, each for one writer at a time; ``shared_caches`` the same, for many
    writers; ``environment`` holds for these commands alone.  Without
    ``network`` they reach none, and the builder need not set one up.
    """

    commands: tuple[tuple[str, ...] | Script, ...]
    reads: tuple[Input, ...] = ()
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
