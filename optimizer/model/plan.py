"""The build plan: what each stage of an image is, never how a Dockerfile writes it.

A stage makes a tree.  The tree's root is :data:`TREE`, and a file at
``/layer/tree/var/task/app.py`` ends in the image as ``/var/task/app.py``.  The final
image is the base, or the stage that changes its file system in place, with the
trees of the layers on top, in order.  Other stages only feed those: their trees,
or their file systems, stay out of the image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.model.architectures import BY_NAME
from optimizer.model.chain import ChainOrder
from optimizer.model.figures import Figures
from optimizer.model.inputs import Input
from optimizer.model.recipes.content import PackedFiles
from optimizer.model.recipes.recipe import Recipe
from optimizer.model.reference import ImageReference
from optimizer.model.secret import BuildSecret
from optimizer.model.stability import Stability

TREE = "/layer/tree"
"""Where a stage makes its tree.

Two directories deep: to find what a tree holds, BuildKit walks the directory
above it, which would else be the whole file system of the stage.
"""

TIMESTAMP = 499162500
"""Modification time of every entry of every tree, in seconds since 1970: 1985-10-26.

ZIP archives cannot hold a time before 1980, which Python's zipfile refuses, so
the epoch itself will not do.
"""


def archive_path(stage: str) -> str:
    """Where the build context holds the archive of a stage's packed files."""
    return f"layers/{stage}.tar"


@dataclass(frozen=True, slots=True)
class OnTarget:
    """A stage that must run on the image's own platform, and why, in a few words."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedBy:
    """The lock file that names the packages of a stage: its path in the project, and what is taken of it.

    ``ecosystem`` is ``python`` or ``nodejs``; ``groups`` and ``package`` are those of the step.
    """

    ecosystem: str
    path: str
    groups: tuple[str, ...] = ()
    package: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage.

    ``origin`` is the image, or the name of the earlier stage, on which it
    stands.  ``step`` is the name of the step that it belongs to.  ``trees``
    names earlier stages whose trees the recipe finds at their final paths.
    ``taken_from`` is the earlier stage of whose tree the stage takes a part: the
    recipe says which, so that nothing else of that tree matters, unless it is
    one of the ``trees``.
    ``in_place`` stages change the file system of the final image itself and
    make no tree; there is at most one chain of them.  Without ``layer`` the
    tree is there for other stages alone.

    ``download_bytes`` is what the stage fetches, as far as a lock tells; None
    where it is unknown.  ``figures`` are what a deployment is reckoned by; they
    decide no byte.  ``locked_by`` is the lock file that decides what
    packages it has, for those whose packages are known one by one.  Without ``on_target`` the stage makes the same tree on the platform of
    the machine that builds, so that no emulator is needed.
    """

    name: str
    step: str
    title: str
    stability: Stability
    origin: str | ImageReference
    recipe: Recipe
    trees: tuple[str, ...] = ()
    taken_from: str | None = None
    in_place: bool = False
    layer: bool = True
    on_target: OnTarget | None = None
    download_bytes: int | None = None
    figures: Figures | None = None
    locked_by: LockedBy | None = None

    @property
    def has_layer(self) -> bool:
        """Whether the stage's tree is a layer of the image."""
        return self.layer and self.recipe.makes_tree and not self.in_place

    @property
    def archive_alone(self) -> bool:
        """Whether the tree consists of packed files, so that no command has to run to make it."""
        return not self.recipe.needs_container

    def packed(self) -> PackedFiles | None:
        """The packed files of the stage, if it is made of such."""
        return self.recipe if isinstance(self.recipe, PackedFiles) else None

    @property
    def needs(self) -> tuple[str, ...]:
        """The earlier stages that have to be there to make the stage, besides the one that it stands on, each once."""
        return tuple(dict.fromkeys((*self.trees, *((self.taken_from,) if self.taken_from is not None else ()))))

    def inputs(self) -> tuple[Input, ...]:
        """Every input of the project that the stage reads."""
        return self.recipe.inputs()

    def plain_inputs(self) -> tuple[Input, ...]:
        """The inputs that a builder reads as they are, instead of out of an archive."""
        return () if self.packed() is not None else self.inputs()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """How one image is built.

    ``stages`` stand in an order in which each finds what it needs; ``layers``
    names the stages whose trees make the final image, first layer first.
    ``final`` is the image, or the name of the in-place stage, under them.
    ``warnings`` are sentences for people; they change nothing in the image.
    ``order`` says how the order of the in-place stages was found, and is None
    for fewer than two of them.
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
    order: ChainOrder | None = None

    @property
    def names_python(self) -> bool:
        """Whether recipes name the exact Python of the base, so that nobody has to be asked for it."""
        return any("python" in stage.recipe.exact_programs for stage in self.stages)

    @property
    def platform(self) -> str:
        """The platform as engines write it, such as ``linux/arm64``."""
        return BY_NAME[self.architecture].platform

    @property
    def above_base(self) -> tuple[str, ...]:
        """The stages that are the image's layers above the base, the lowest first: those in place, and those whose trees it copies."""
        return (*(stage.name for stage in self.stages if stage.in_place), *self.layers)

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
        found = dict.fromkeys(secret for stage in self.stages for secret in stage.recipe.secrets)
        return tuple(sorted(found, key=lambda secret: secret.id))
