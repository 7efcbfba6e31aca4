"""Files, code and trees of other images."""

from __future__ import annotations

from optimizer.builders.docker.actions import AddArchive, CopyTree, Run, StageBody
from optimizer.builders.docker.tree_scripts import compiled, expected, normalise
from optimizer.model.plan import TREE, Stage
from optimizer.model.recipes.content import ImageTree, PackedFiles


def packed_files(recipe: PackedFiles, stage: Stage) -> StageBody:
    """The archive, unpacked; only compiled files beside its own have to be normalised."""
    scripts = compiled(recipe.bytecode)
    runs = (Run(commands=(*expected(recipe.exact_programs), *scripts, normalise("python")), network=False),) if scripts else ()
    return StageBody(actions=(AddArchive(), *runs))


def image_tree(recipe: ImageTree, stage: Stage) -> StageBody:
    """The directory of the other image."""
    return StageBody(
        actions=(
            CopyTree(origin=recipe.image, source=recipe.source, target=f"{TREE}{recipe.target}"),
            Run(commands=(normalise(recipe.language),), network=False),
        )
    )
