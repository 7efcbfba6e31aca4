"""The build plan: what each stage of an image is, never how a Dockerfile writes it.

A stage makes a tree.  The tree's root is :data:`TREE`, and a file at
``/layer/tree/var/task/app.py`` ends in the image as ``/var/task/app.py``.  The final
image is the base, or the stage that changes its file system in place, with the
trees of the layers on top, in order.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from optimizer.model.reference import ImageReference
from optimizer.model.secret import BuildSecret
from optimizer.model.stability import Stability

TREE = "/layer/tree"
"""Where a stage makes its tree.

Two directories deep: to find what a tree holds, BuildKit walks the directory
above it, which would else be the whole file system of the stage.
"""

NOTES = "/slim"
"""Where a stage that leaves something out writes what it was: ``report.json``, which no tree holds."""

TIMESTAMP = 499162500
"""Modification time of every entry of every tree, in seconds since 1970: 1985-10-26.

ZIP archives cannot hold a time before 1980, which Python's zipfile refuses, so
the epoch itself will not do.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """Files of the project that a stage reads.

    ``source`` is a path relative to the project; ``target`` an absolute path
    in the stage.  The contents of a directory land in the target; a file lands
    at it, or in it when it ends with a slash.  ``exclude`` are patterns in the
    form of .dockerignore, relative to the source.
    """

    source: str
    target: str
    directory: bool
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # One file has one name in a build context: "./go.mod" would stand there beside "go.mod".
        object.__setattr__(self, "source", posixpath.normpath(self.source))


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyInputs:
    """Put files of the project into the stage, writable."""

    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFiles:
    """Put files of the project into the tree, out of an archive in the form of a layer.

    Whoever writes the build context makes the archive, in which every entry has
    the owner, the time and the mode that it has in the image; the builder only
    unpacks it.  So nothing on the way to the builder can change the layer: no
    umask, no file system, and no artifact of a CI service that forgets modes,
    links or empty directories.

    The target of ``files`` is a path in the image.  ``executable`` makes all
    of them executable, whatever the project says.
    """

    files: Input
    executable: bool = False


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


Action = CopyInputs | PackedFiles | CopyTree | Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage.

    ``origin`` is the image, or the name of the earlier stage, on which it
    stands.  ``step`` is the name of the step that it belongs to.  ``in_place``
    stages change the file system of the final image itself and make no tree;
    there is at most one chain of them.  ``workdir`` is absolute.

    ``needs_target`` says in a few words why the stage must run on the image's
    own platform; when it is empty, the stage makes the same tree on the
    platform of whoever builds, so that no emulator is needed.

    ``slim`` are the words for what the stage leaves out of its tree, sorted;
    such a stage writes a report into :data:`NOTES`.
    """

    name: str
    step: str
    title: str
    stability: Stability
    origin: str | ImageReference
    actions: tuple[Action, ...]
    workdir: str = "/"
    arguments: tuple[tuple[str, str], ...] = ()
    in_place: bool = False
    needs_target: str = ""
    slim: tuple[str, ...] = ()

    @property
    def archive_alone(self) -> bool:
        """Whether the tree is that of packed files as they are, so that nothing has to run to make it."""
        return bool(self.actions) and all(isinstance(action, PackedFiles) for action in self.actions)

    def packed(self) -> PackedFiles | None:
        """The packed files of the stage, of which it has at most one set."""
        return next((action for action in self.actions if isinstance(action, PackedFiles)), None)

    def inputs(self) -> Iterable[Input]:
        """Every input of the project that the stage reads, in the order of use."""
        packed = self.packed()
        if packed is not None:
            yield packed.files
        yield from self.plain_inputs()

    def plain_inputs(self) -> Iterable[Input]:
        """The inputs that stand in the build context as they are, in the order of use."""
        for action in self.actions:
            if isinstance(action, CopyInputs):
                yield from action.inputs
            elif isinstance(action, Run):
                yield from action.reads

    def secrets(self) -> Iterable[BuildSecret]:
        """Every build secret that the stage sees, in the order of use."""
        for action in self.actions:
            if isinstance(action, Run):
                yield from action.secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """How one image is built.

    ``stages`` stand in an order in which each finds what it needs; ``layers``
    names the stages whose trees make the final image, first layer first.
    ``final`` is the image, or the name of the in-place stage, under them.
    ``warnings`` are sentences for people; they change nothing in the image.
    """

    runtime: str
    architecture: str
    base: ImageReference
    final: str | ImageReference
    stages: tuple[Stage, ...]
    layers: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def platform(self) -> str:
        """The platform as engines write it, such as ``linux/arm64``."""
        return f"linux/{oci_architecture(self.architecture)}"

    def stage(self, name: str) -> Stage:
        """The stage of that name; KeyError when there is none."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(name)

    def plain_inputs(self) -> tuple[Input, ...]:
        """The inputs that stand in the build context as they are, each once, in the order of use."""
        return tuple(dict.fromkeys(item for stage in self.stages for item in stage.plain_inputs()))

    def packed(self) -> Mapping[str, PackedFiles]:
        """The packed files by the names of their stages."""
        return {stage.name: packed for stage in self.stages if (packed := stage.packed()) is not None}

    def secrets(self) -> tuple[BuildSecret, ...]:
        """Every build secret, each once, sorted by id."""
        found = dict.fromkeys(secret for stage in self.stages for secret in stage.secrets())
        return tuple(sorted(found, key=lambda secret: secret.id))


def oci_architecture(architecture: str) -> str:
    """The OCI word for one of Lambda's architectures: ``amd64`` or ``arm64``."""
    return {"x86_64": "amd64", "arm64": "arm64"}[architecture]
