"""Recipes that copy: code, files, trees of other images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from optimizer.model.inputs import Input
from optimizer.model.recipes.recipe import Recipe
from optimizer.model.reference import ImageReference


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFiles(Recipe):
    """Files of the project, out of an archive in the form of a layer.

    The writer of the build context makes the archive, in which every entry has
        the owner, the time and the mode that it has in the image; a builder only
        unpacks it.  So nothing on the way to the builder can change the layer: no
        umask, no file system, and no artifact of a CI service that forgets modes,
        links or empty directories.

        The target of ``files`` is a path in the image.  ``executable`` makes all
        of them executable, whatever the project says.  With ``bytecode`` the tree
        holds the compiled form of its Python code too, by ``python`` where the
        exact version is known.
    """

    kind: ClassVar[str] = "packed-files"
    revision: ClassVar[int] = 3

    files: Input
    executable: bool = False
    bytecode: bool = False
    python: str = ""

    def inputs(self) -> tuple[Input, ...]:
        return (self.files,)

    @property
    def exact_programs(self) -> Mapping[str, str]:
        return {"python": self.python} if self.python else {}

    def with_programs(self, versions: Mapping[str, str], *, on_target: bool = False) -> PackedFiles:
        return self if on_target or not self.bytecode else replace(self, python=versions.get("python", ""))

    @property
    def needs_container(self) -> bool:
        return self.bytecode


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageTree(Recipe):
    """A directory or a file of another image, at a path of this one; both paths of a directory end with a slash.

    ``language`` is what the image under the stage can run: ``python``,
    ``nodejs``, ``ruby``, or ``shell``.
    """

    kind: ClassVar[str] = "image-tree"

    image: ImageReference
    source: str
    target: str
    language: str

    def images(self) -> tuple[ImageReference, ...]:
        return (self.image,)

    def with_images(self, change: Callable[[ImageReference], ImageReference]) -> ImageTree:
        return replace(self, image=change(self.image))

    @property
    def follows_platform(self) -> bool:
        # Of an index, a builder copies from the manifest of the target's platform, whatever image the stage itself starts from.
        return True
