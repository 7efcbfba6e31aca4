"""The build plan: what each stage of an image is, never how a Dockerfile writes it.

A stage makes a tree.  The tree's root is :data:`TREE`, and a file at
``/layer/tree/var/task/app.py`` ends in the image as ``/var/task/app.py``.  The final
image is the base, or the stage that changes its file system in place, with the
trees of the layers on top, in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.model.architectures import BY_NAME
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


@dataclass(frozen=True, slots=True)
class OnTarget:
    """A stage that must run on the image's own platform, and why, in a few words."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage.

    ``origin`` is the image, or the name of the earlier stage, on which it
    stands.  ``step`` is the name of the step that it belongs to.  ``trees``
    names earlier stages whose trees the recipe finds at their final paths.
    ``in_place`` stages change the file system of the final image itself and
    make no tree; there is at most one chain of them.

    ``download_bytes`` is what the stage fetches, as far as a lock tells; None
    where it is unknown.  Without ``on_target`` the stage makes the same tree on the platform of
    the machine that builds, so that no emulator is needed.
    """

    name: str
    step: str
    title: str
    stability: Stability
    origin: str | ImageReference
    recipe: Recipe
    trees: tuple[str, ...] = ()
    in_place: bool = False
    on_target: OnTarget | None = None
    download_bytes: int | None = None

    @property
    def archive_alone(self) -> bool:
        """Whether the tree consists of packed files, so that no command has to run to make it."""
        return not self.recipe.needs_container

    def packed(self) -> PackedFiles | None:
        """The packed files of the stage, if it is made of such."""
        return self.recipe if isinstance(self.recipe, PackedFiles) else None

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
        return BY_NAME[self.architecture].platform

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
