"""What a stage of a Dockerfile does: the instructions of a recipe, as values."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.model.inputs import Input
from optimizer.model.reference import ImageReference
from optimizer.model.secret import BuildSecret

NOTES = "/slim"
"""The directory in which a stage that leaves files out reports them: ``report.json``, which is in no tree."""


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
class TreeScript:
    """A script that changes the whole tree, in a language that the stage's image has.

    ``interpreter`` takes the script, the tree and ``arguments`` as its next
    arguments.  ``name`` tells scripts apart, in capitals and underscores;
    scripts of one name are equal.  ``purpose`` is a sentence for people.
    ``script`` may have several lines, of which none starts with ``#``.
    """

    name: str
    purpose: str
    interpreter: tuple[str, ...]
    script: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Run commands, one after another, until one fails; each is an argument list, or a script over the tree.

    ``reads`` are inputs that the commands only read; ``caches`` are absolute
    paths of directories whose contents may vanish between builds and reach no
    layer, each for one writer at a time; ``shared_caches`` the same, for many
    writers; ``environment`` holds for these commands alone.  Without
    ``network`` they reach none, and the builder need not set one up.
    """

    commands: tuple[tuple[str, ...] | TreeScript, ...]
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
