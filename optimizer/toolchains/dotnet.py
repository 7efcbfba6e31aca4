""".NET projects."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from optimizer.errors import Fault
from optimizer.locks import dotnet
from optimizer.locks.files import leaves, upwards
from optimizer.locks.go import newer
from optimizer.locks.local import Local
from optimizer.model.plan import Stage
from optimizer.model.recipes.programs import DotnetProgram
from optimizer.model.reference import ImageReference
from optimizer.model.steps import DotnetBuild
from optimizer.toolchains.sources import Placement
from optimizer.toolchains.toolchain import Rank, StepContext, Target, below, missing_directory


class DotnetToolchain:
    """``dotnet publish`` in the SDK of the runtime's version, which builds for either architecture."""

    families: tuple[str, ...] = ("dotnet",)
    rank: int = Rank.DOTNET_BUILD
    sees_trees: bool = False

    def images(self, step: DotnetBuild, target: Target) -> tuple[ImageReference, ...]:
        return (step.builder or _sdk(target),)

    def check(self, step: DotnetBuild, context: StepContext) -> Iterable[Fault]:
        yield from missing_directory(context, step.source, "source", "the .NET project")
        project = below(step.source, step.project)
        if step.project != "." and (leaves(project) or context.project.kind(project) is None):
            yield Fault(
                f'project "{step.project}" does not exist in "{step.source}"', "project", "name the project file, relative to the source"
            )
        if context.project.kind(step.source) != "directory":
            return
        found = _sources(step, context)
        builder = step.builder or _sdk(context.target)
        if found.sdk is not None and builder.tag is not None and found.sdk[1].partition(".")[0] != builder.tag.partition(".")[0]:
            yield Fault(
                f'"{found.sdk[0]}" requires the SDK {found.sdk[1]}, but the builder is "{builder}"',
                "builder",
                "set builder to an SDK of that version, or set the version in global.json to the builder's",
            )

        runtime = _version(context.target)
        if found.framework is not None and newer(found.framework[1], runtime):
            yield Fault(
                f'"{found.framework[0]}" targets .NET {found.framework[1]}, but the runtime has {runtime}',
                "source",
                "choose a runtime of that version, or set the target framework to the runtime's",
            )

    def local(self, step: DotnetBuild, context: StepContext) -> Iterable[Local]:
        return _sources(step, context).local

    def installers(self, step: DotnetBuild, context: StepContext) -> Sequence[str]:
        return ("NuGet",)

    def stages(self, step: DotnetBuild, context: StepContext) -> Sequence[Stage]:
        project_directory = (
            step.project if "." not in posixpath.basename(step.project) or step.project == "." else posixpath.dirname(step.project)
        )
        locked = context.project.kind(posixpath.normpath(posixpath.join(step.source, project_directory, "packages.lock.json"))) == "file"
        found = _sources(step, context)
        placement = Placement.of(step.source, (*found.directories, *map(posixpath.dirname, found.files)))
        sources = placement.directories(found.directories, ("**/bin/", "**/obj/"))
        above = placement.files(path for path in found.files if not any(item.source in upwards(path) for item in sources))
        return [
            Stage(
                name=context.name,
                step=context.name,
                title=f".NET program of {step.source}",
                stability=context.stability,
                origin=step.builder or _sdk(context.target),
                recipe=DotnetProgram(
                    workdir=placement.workdir,
                    project=step.project,
                    architecture=context.target.architecture,
                    locked=locked,
                    copies=(*above, *sources),
                    secrets=step.secrets,
                ),
            )
        ]


def _sources(step: DotnetBuild, context: StepContext) -> dotnet.DotnetSources:
    source = posixpath.normpath(step.source)
    project = below(source, step.project)
    # dotnet builds the one project file of a directory, which usually has the directory's name.
    named = [project, *(below(project, f"{posixpath.basename(project)}{suffix}") for suffix in dotnet.PROJECTS)]
    return dotnet.sources(context.project, source, next((path for path in named if context.project.kind(path) == "file"), None))


def _sdk(target: Target) -> ImageReference:
    return target.tools.image("dotnet", _version(target))


def _version(target: Target) -> str:
    version = target.base.runtime.removeprefix("dotnet").removeprefix("core")
    return version if "." in version else f"{version}.0"
