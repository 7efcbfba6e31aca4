""".NET projects."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from optimizer.errors import Fault
from optimizer.model.plan import TREE, CopyInputs, Input, Run, Stage
from optimizer.model.reference import ImageReference
from optimizer.model.steps import DotnetBuild
from optimizer.toolchains.toolchain import GENERATED_FILES, StepContext, Target, missing_directory, normalise

_WORKDIR = "/build"
_RUNTIME_IDS = {"x86_64": "linux-x64", "arm64": "linux-arm64"}


class DotnetToolchain:
    """``dotnet publish`` in the SDK of the runtime's version, which builds for either architecture."""

    families: tuple[str, ...] = ("dotnet",)

    def images(self, step: DotnetBuild, target: Target) -> tuple[ImageReference, ...]:
        return (step.builder or _sdk(target),)

    def check(self, step: DotnetBuild, context: StepContext) -> Iterable[Fault]:
        yield from missing_directory(context, step.source, "source", "the .NET project")
        if step.project != "." and context.project.kind(posixpath.join(step.source, step.project)) is None:
            yield Fault(
                f'project "{step.project}" does not exist in "{step.source}"', "project", "name the project file, relative to the source"
            )

    def installers(self, step: DotnetBuild, context: StepContext) -> Sequence[str]:
        return ("NuGet",)

    def stages(self, step: DotnetBuild, context: StepContext) -> Sequence[Stage]:
        project_directory = (
            step.project if "." not in posixpath.basename(step.project) or step.project == "." else posixpath.dirname(step.project)
        )
        locked = context.project.kind(posixpath.normpath(posixpath.join(step.source, project_directory, "packages.lock.json"))) == "file"
        source = Input(source=step.source, target=f"{_WORKDIR}/", directory=True, exclude=(*GENERATED_FILES, "**/bin/", "**/obj/"))
        runtime = ("--runtime", _RUNTIME_IDS[context.target.architecture])
        return [
            Stage(
                name=context.name,
                step=context.name,
                title=f".NET program of {step.source}",
                stability=context.stability,
                origin=step.builder or _sdk(context.target),
                workdir=_WORKDIR,
                actions=(
                    CopyInputs(inputs=(source,)),
                    Run(
                        commands=(
                            ("dotnet", "restore", step.project, *runtime, *(("--locked-mode",) if locked else ())),
                            (
                                *(
                                    "dotnet",
                                    "publish",
                                    step.project,
                                    *runtime,
                                    "--configuration",
                                    "Release",
                                    "--no-restore",
                                    "--self-contained",
                                    "false",
                                ),
                                *("-p:ContinuousIntegrationBuild=true", "-p:Deterministic=true", "--output", f"{TREE}/var/task"),
                            ),
                            normalise("dotnet"),
                        ),
                        caches=("/root/.nuget/packages",),
                        secrets=step.secrets,
                        environment=(("DOTNET_CLI_TELEMETRY_OPTOUT", "1"),),
                    ),
                ),
            )
        ]


def _sdk(target: Target) -> ImageReference:
    version = target.base.runtime.removeprefix("dotnet").removeprefix("core")
    tag = version if "." in version else f"{version}.0"
    return ImageReference.parse(f"mcr.microsoft.com/dotnet/sdk:{tag}")
