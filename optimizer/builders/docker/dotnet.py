""".NET projects."""

from __future__ import annotations

from optimizer.builders.docker.actions import CopyInputs, Run, StageBody
from optimizer.builders.docker.tree_scripts import normalise
from optimizer.model.architectures import BY_NAME
from optimizer.model.plan import TREE, Stage
from optimizer.model.recipes.programs import TASK, DotnetProgram


def dotnet_program(recipe: DotnetProgram, stage: Stage) -> StageBody:
    """The sources, and one run that restores the packages and publishes the project."""
    # https://learn.microsoft.com/dotnet/core/rid-catalog
    runtime = ("--runtime", f"linux-{BY_NAME[recipe.architecture].cpu}")
    restore = ("dotnet", "restore", recipe.project, *runtime, *(("--locked-mode",) if recipe.locked else ()))
    publish = (
        *("dotnet", "publish", recipe.project, *runtime, "--configuration", "Release", "--no-restore", "--self-contained", "false"),
        *("-p:ContinuousIntegrationBuild=true", "-p:Deterministic=true", "--output", f"{TREE}{TASK}"),
    )
    return StageBody(
        workdir=recipe.workdir,
        actions=(
            CopyInputs(inputs=recipe.copies),
            Run(
                commands=(restore, publish, normalise("shell")),
                caches=("/root/.nuget/packages",),
                secrets=recipe.secrets,
                environment=(("DOTNET_CLI_TELEMETRY_OPTOUT", "1"),),
            ),
        ),
    )
