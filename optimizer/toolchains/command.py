"""Arbitrary build commands."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from optimizer.errors import Fault
from optimizer.model.inputs import Input
from optimizer.model.plan import OnTarget, Stage
from optimizer.model.recipes.commands import Commands
from optimizer.model.reference import ImageReference
from optimizer.model.steps import Command
from optimizer.toolchains.toolchain import GENERATED_FILES, Rank, StepContext, Target, not_there

_WORKDIR = "/build"


class CommandToolchain:
    """One stage that holds the inputs and runs the commands; the planner adds the trees of earlier steps."""

    families: tuple[str, ...] = ()
    rank: int = Rank.COMMAND
    sees_trees: bool = True

    def images(self, step: Command, target: Target) -> tuple[ImageReference, ...]:
        return (step.image,) if step.image is not None else ()

    def check(self, step: Command, context: StepContext) -> Iterable[Fault]:
        if not step.run:
            yield Fault("no command is given", "run", 'write run=[["make", "assets"]]')
        if step.image is not None and step.build_packages:
            yield Fault(
                "build_packages come from the base image's package manager, but the step names another image",
                "build_packages",
                "install them with a command",
            )
        for index, path in enumerate(step.inputs):
            if context.project.kind(path) is None:
                yield Fault(f'"{path}" {not_there(context)}', f"inputs[{index}]", "fix the path; it is relative to the project's root")

    def warnings(self, step: Command, context: StepContext) -> Iterable[str]:
        if not step.layer and not any(context.name in other.after for other in context.steps):
            yield f"{context.name}: it has no layer and no step names it in after, so it never runs"

    def stages(self, step: Command, context: StepContext) -> Sequence[Stage]:
        return [
            Stage(
                name=context.name,
                step=context.name,
                title=f"Made by {' '.join(step.run[0])}"[:100],
                stability=context.stability,
                layer=step.layer,
                origin=step.image or context.target.image,
                on_target=None if step.portable else OnTarget("its commands may depend on the platform"),
                recipe=Commands(
                    run=step.run,
                    workdir=_WORKDIR,
                    language="shell" if step.image is not None else context.target.language,
                    environment=step.environment,
                    arguments=context.target.build_arguments,
                    caches=step.cache,
                    build_packages=context.target.packages(step.build_packages),
                    copies=tuple(_input(path, context) for path in step.inputs),
                    secrets=step.secrets,
                ),
            )
        ]


def _input(path: str, context: StepContext) -> Input:
    if context.project.kind(path) == "directory":
        return Input(source=path, target=posixpath.join(_WORKDIR, path) + "/", directory=True, exclude=GENERATED_FILES)
    return Input(source=path, target=posixpath.join(_WORKDIR, path), directory=False)
