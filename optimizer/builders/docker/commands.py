"""Commands of the user's own."""

from __future__ import annotations

from optimizer.builders.docker.actions import CopyInputs, Run, StageBody
from optimizer.builders.docker.system import build_tools
from optimizer.builders.docker.tree_scripts import no_links, normalise
from optimizer.model.plan import TREE, Stage
from optimizer.model.recipes.commands import Commands


def commands(recipe: Commands, stage: Stage) -> StageBody:
    """The inputs, and one run of all commands."""
    return StageBody(
        workdir=recipe.workdir,
        arguments=recipe.arguments,
        actions=(
            *build_tools(recipe.build_packages),
            *((CopyInputs(inputs=recipe.copies),) if recipe.copies else ()),
            Run(
                # The tree is there even when the commands write nothing, so that its copy cannot fail.
                commands=(("mkdir", "-p", TREE), *recipe.run, no_links(), normalise(recipe.language)),
                reads=recipe.reads,
                # Nobody knows whether the commands let others write there at the same time.
                caches=recipe.caches,
                secrets=recipe.secrets,
                environment=recipe.environment,
            ),
        ),
    )
