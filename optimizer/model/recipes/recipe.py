"""What every recipe has: inputs, tools, secrets and system packages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from optimizer.model.inputs import Input
from optimizer.model.reference import ImageReference
from optimizer.model.secret import BuildSecret

_Recipe = TypeVar("_Recipe", bound="Recipe")

NO_BYTE: Mapping[str, bool] = {"no_byte": True}
"""Metadata of a field that decides no byte of the tree, and so has no part in its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program that a recipe brings into its stage, in one version.

    ``hashes`` are those of its archives, as the tool's registry writes them;
    empty where the registry's own lock or signature stands for them.
    """

    name: str
    version: str
    hashes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSet:
    """Packages of the operating system, by their names, sorted; ``manager`` is ``dnf`` or ``yum``."""

    manager: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What one stage makes, from what, with which tool: data alone, which any builder can follow.

    ``reads`` are files of the project that are only read; ``copies`` those
    beside which a tool writes.  ``tools`` are the programs that the base does
    not have, and ``build_packages`` the system packages that building needs and
    the tree does not hold.

    A class of recipes has a ``kind``, which is its name in a plan that is
    kept, and a ``revision``, which grows whenever the same values would make
    another tree than before.
    """

    kind: ClassVar[str] = ""
    revision: ClassVar[int] = 1

    reads: tuple[Input, ...] = ()
    copies: tuple[Input, ...] = ()
    secrets: tuple[BuildSecret, ...] = ()
    tools: tuple[Tool, ...] = ()
    build_packages: PackageSet | None = None

    def inputs(self) -> tuple[Input, ...]:
        """Every input of the project: first the copied ones, beside which a tool may write, then the mounted ones."""
        return (*self.copies, *self.reads)

    def images(self) -> tuple[ImageReference, ...]:
        """The images that the recipe takes something from, besides the one that its stage starts from."""
        return ()

    def with_images(self: _Recipe, change: Callable[[ImageReference], ImageReference]) -> _Recipe:
        """The recipe with each of those images changed."""
        return self

    @property
    def makes_tree(self) -> bool:
        """Whether the stage has a tree; one without only prepares stages that start from it."""
        return True

    def made_files(self) -> tuple[str, ...]:
        """The absolute paths of all files of the tree in the image, where they are known before it is made; else empty."""
        return ()

    @property
    def left_out(self) -> tuple[str, ...]:
        """The words for what the recipe leaves out of its tree, sorted; such a stage writes a report of that."""
        return ()

    @property
    def needs_container(self) -> bool:
        """Whether a container has to run to make the tree, so that the image under the stage may decide bytes of it."""
        return True

    @property
    def exact_programs(self) -> Mapping[str, str]:
        """The exact versions of the programs that alone of the image under the stage decide the tree; empty where another part may, or they are not known.

        A recipe with such versions also names the platform, if that decides anything.
        """
        return {}

    def with_programs(self: _Recipe, versions: Mapping[str, str], *, on_target: bool = False) -> _Recipe:
        """The recipe for an image with programs in these versions, which are named where they alone of the image decide the tree.

        ``on_target`` says that the stage has to run on the image's own platform.
        """
        return self

    @property
    def follows_platform(self) -> bool:
        """Whether the recipe takes something of the image's own platform, wherever its stage runs."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagePart(Recipe):
    """Some packages of a lock, which have a layer of their own.

    ``ecosystem`` is that of the packing which divides such locks, and
    ``whole`` the kind of the recipe of a lock that is not divided.
    """

    ecosystem: ClassVar[str] = ""
    whole: ClassVar[str] = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The packages by their normalised names, sorted, each once."""
        return ()
