"""Go programs."""

from __future__ import annotations

from optimizer.builders.docker.actions import CopyInputs, Run, StageBody
from optimizer.builders.docker.tree_scripts import normalise
from optimizer.model.architectures import BY_NAME
from optimizer.model.plan import TREE, Stage
from optimizer.model.recipes.programs import BOOTSTRAP, GoProgram

_MODULES = "/go/pkg/mod"


def go_program(recipe: GoProgram, stage: Stage) -> StageBody:
    """The modules, which a change of a source does not download again, and the build."""
    environment = (
        ("CGO_ENABLED", "0"),
        ("GOARCH", BY_NAME[recipe.architecture].oci),
        ("GOOS", "linux"),
        # A builder that fetched another compiler would no longer be the pinned one.
        ("GOTOOLCHAIN", "local"),
    )
    download = (
        CopyInputs(inputs=recipe.module_files),
        Run(commands=(("go", "mod", "download"),), caches=(_MODULES,), secrets=recipe.secrets, environment=environment),
    )
    build = (
        *("go", "build", "-trimpath", "-buildvcs=false", *(("-mod=vendor",) if recipe.vendored else ())),
        *("-ldflags=-s -w", "-tags=lambda.norpc", "-o", f"{TREE}{BOOTSTRAP}"),
        "." if recipe.package == "." else f"./{recipe.package}",
    )
    return StageBody(
        workdir=recipe.workdir,
        actions=(
            *(download if recipe.module_files else ()),
            CopyInputs(inputs=recipe.copies),
            Run(
                commands=(build, normalise("shell")),
                caches=(_MODULES, "/root/.cache/go-build"),
                environment=environment,
            ),
        ),
    )
