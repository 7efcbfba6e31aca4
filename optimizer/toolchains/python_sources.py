"""First-party packages that a lock names by path: each is built by its own backend, in a stage and a layer of its own."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.locks.python import Package, Registry
from optimizer.locks.wheels import uv_platform
from optimizer.model.inputs import Input
from optimizer.model.plan import OnTarget, Stage
from optimizer.model.recipes.python import PythonSource
from optimizer.model.steps import PythonDependencies
from optimizer.toolchains.content import CODE_CACHES
from optimizer.toolchains.python_indexes import build_indexes, tool_indexes
from optimizer.toolchains.python_reading import project_at
from optimizer.toolchains.toolchain import StepContext

SOURCE = "/src"
"""Where a stage has the files of the project."""

# What backends leave beside the code; an old one would end in the package.
_LEFT_BEHIND = ("build", "dist", "**/*.egg-info")


def source_stage(source: Package, step: PythonDependencies, context: StepContext, registries: tuple[Registry, ...]) -> Stage:
    """The stage whose tree is one first-party package, without its dependencies."""
    project = project_at(source.location, context)
    directory = f"{SOURCE}/{source.name}"
    pins, _ = project.constraints(context.target.tools.backends())
    on_target = None
    if not project.pure:
        on_target = OnTarget(f"{source.name} may compile for the platform that it is built on")
    elif step.build_packages:
        on_target = OnTarget("its build packages compile for the platform that they run on")
    return Stage(
        name=f"{context.name}-{source.name}",
        step=context.name,
        title=f"Python package {source.name} of {source.location}",
        stability=step.code_stability,
        origin=context.target.image,
        on_target=on_target,
        recipe=PythonSource(
            name=source.name,
            directory=directory,
            platform=uv_platform(context.target.base, context.target.architecture),
            build_indexes=build_indexes(step, registries),
            tool_indexes=tool_indexes(step),
            constraints=tuple(pins),
            bytecode=context.target.compiles_python,
            tools=(context.target.tools.tool("uv"),),
            build_packages=context.target.packages(step.build_packages),
            # Backends write beside the code that they build.
            copies=(Input(source=source.location, target=directory, directory=True, exclude=(*CODE_CACHES, *_LEFT_BEHIND)),),
            secrets=step.secrets,
        ),
    )


def source_warnings(source: Package, context: StepContext) -> Iterator[str]:
    """What could make another layer of the same package."""
    _, open_ends = project_at(source.location, context).constraints(context.target.tools.backends())
    if open_ends:
        names = ", ".join(f'"{text}"' for text in open_ends)
        yield (
            f'{source.location}/pyproject.toml builds with {names}, which nothing pins: the layer of "{source.name}" may differ '
            "when a new release appears; write an exact version into its build-system.requires"
        )
