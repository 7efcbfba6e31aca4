"""Trees of other images, read from their registries layer by layer: what a copy out of the image gives, with one owner, time and mode."""

from __future__ import annotations

import posixpath
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from optimizer.adapters.host.stage_files import place_of
from optimizer.adapters.host.tree import Obstacle, TreeRequest
from optimizer.adapters.images.layers import LayerPass
from optimizer.adapters.images.tar import Budget
from optimizer.errors import RegistryError
from optimizer.images.subtree import Placed, Subtree
from optimizer.model.image import ImageSource
from optimizer.model.recipes.content import ImageTree

_COPIED = ("file", "directory", "symlink")


class ImageTreeCopy:
    """Copies of a directory or a file of another image."""

    def obstacle(self, request: TreeRequest) -> str:
        return ""

    def make(self, request: TreeRequest, directory: Path) -> None:
        recipe = cast(ImageTree, request.stage.recipe)
        # Beside the tree, so that files are moved into it, and not copied.
        with tempfile.TemporaryDirectory(prefix="image-", dir=directory.parent) as place:
            try:
                source = request.images.opened(recipe.image, request.plan.platform)
                tree = _read(source, recipe.source.strip("/"), Path(place))
            except RegistryError as error:
                # An engine may have the image, or another way to it.
                raise Obstacle(f"{recipe.image.tagged} cannot be read: {error.faults[0].message}") from None
            _check(tree, recipe)
            _place(tree.seen(), recipe, directory)


def _read(source: ImageSource, top: str, place: Path) -> Subtree:
    """What the image has at the path; files are kept under numbers."""
    tree, budget, number = Subtree(top), Budget(), 0
    for layer in range(len(source.image.layers)):
        tree.begin_layer()
        with LayerPass(source, layer, budget) as reading:
            for entry, chunks in reading.with_contents():
                content = ""
                if entry.kind == "file" and tree.holds(entry):
                    number += 1
                    with (place / str(number)).open("xb") as file:
                        file.writelines(chunks)
                    content = str(place / str(number))
                tree.add(entry, content)
    return tree


def _check(tree: Subtree, recipe: ImageTree) -> None:
    """Raise Obstacle for what a builder copies in a way of its own, or refuses."""
    seen, top = tree.seen(), recipe.source.strip("/")
    wanted = "directory" if recipe.source.endswith("/") else "file"
    if any(placed.entry.kind != "directory" for placed in tree.on_the_way()) or tree.below_links:
        raise Obstacle(f'"{recipe.source}" of {recipe.image.tagged} is reached by a link')
    if not seen:
        raise Obstacle(f'{recipe.image.tagged} has no "{recipe.source}"')
    # A directory may be there without an entry of its own.
    kind = seen[top].entry.kind if top in seen else "directory"
    if kind != wanted:
        raise Obstacle(f'"{recipe.source}" of {recipe.image.tagged} is a {kind}')
    for path, placed in seen.items():
        if placed.entry.kind not in _COPIED or placed.entry.attributes:
            what = "has extended attributes" if placed.entry.attributes else f"is a {placed.entry.kind}"
            raise Obstacle(f'"/{path}" of {recipe.image.tagged} {what}')


def _place(seen: Mapping[str, Placed], recipe: ImageTree, directory: Path) -> None:
    top = recipe.source.strip("/")
    place_of(directory, recipe.target if recipe.target.endswith("/") else posixpath.dirname(recipe.target)).mkdir(parents=True)
    # In their order a directory comes before what is in it.
    for path, placed in seen.items():
        target = place_of(directory, recipe.target + path.removeprefix(top).lstrip("/"))
        target.parent.mkdir(parents=True, exist_ok=True)
        if placed.entry.kind == "directory":
            target.mkdir(exist_ok=True)
        elif placed.entry.kind == "symlink":
            target.symlink_to(placed.entry.target)
        else:
            Path(placed.content).rename(target)
            target.chmod(placed.entry.mode | 0o600)
