"""Go programs for the ``provided`` runtimes."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from optimizer.errors import Fault
from optimizer.locks import go
from optimizer.locks.files import leaves, upwards
from optimizer.locks.local import Local
from optimizer.model.plan import Stage
from optimizer.model.recipes.programs import GoProgram
from optimizer.model.reference import ImageReference
from optimizer.model.steps import GoBuild
from optimizer.toolchains.sources import Placement
from optimizer.toolchains.toolchain import Rank, StepContext, Target, below, missing_directory, missing_file


class GoToolchain:
    """A static binary, the same in every directory, made for the target's architecture by any builder."""

    families: tuple[str, ...] = ("provided",)
    rank: int = Rank.GO_BUILD
    sees_trees: bool = False

    def images(self, step: GoBuild, target: Target) -> tuple[ImageReference, ...]:
        return (_builder(step, target),)

    def check(self, step: GoBuild, context: StepContext) -> Iterable[Fault]:
        yield from missing_directory(context, step.source, "source", "the Go module")
        if context.project.kind(step.source) != "directory":
            return
        module = below(step.source, go.MODULE)
        yield from missing_file(context, module, "source", "the module file", "name the directory of go.mod, or create it with go mod init")
        if context.project.kind(module) != "file":
            return
        found = _sources(step, context)
        if found.downloads and not found.vendored and not any(path.endswith(".sum") for path in found.files(context.project)):
            yield from missing_file(context, below(step.source, "go.sum"), "source", "the lock file", "create it with go mod tidy")
        package = below(step.source, step.package)
        if step.package != "." and (leaves(package) or context.project.kind(package) != "directory"):
            yield Fault(
                f'package "{step.package}" does not exist in "{step.source}"',
                "package",
                "name the directory of the program, relative to the source",
            )
        yield from _version_faults(_builder(step, context.target), found)

    def local(self, step: GoBuild, context: StepContext) -> Iterable[Local]:
        found = _sources(step, context)
        # With a vendor directory, Go reads no module at a path but those that a workspace uses.
        return () if found.vendored and found.workspace is None else found.local

    def installers(self, step: GoBuild, context: StepContext) -> Sequence[str]:
        return ("Go",)

    def stages(self, step: GoBuild, context: StepContext) -> Sequence[Stage]:
        found = _sources(step, context)
        directories = (posixpath.normpath(step.source), *(() if found.vendored and found.workspace is None else found.modules))
        above = () if found.workspace is None else (found.workspace,)
        placement = Placement.of(step.source, (*directories, *above))
        module_files = placement.files(found.files(context.project))
        vendored = found.vendored and found.workspace is not None
        if vendored:
            directories = (*directories, below(found.workspace or ".", "vendor"))
        sources = placement.directories(directories, ("**/*_test.go",))
        downloads = found.downloads and not found.vendored
        # A go.work above the source is in none of the directories.
        above_files = tuple(item for item in module_files if not any(other.source in upwards(item.source) for other in sources))
        return [
            Stage(
                name=context.name,
                step=context.name,
                title=f"Go program of {step.source}",
                stability=context.stability,
                origin=_builder(step, context.target),
                recipe=GoProgram(
                    workdir=placement.workdir,
                    package=step.package,
                    architecture=context.target.architecture,
                    module_files=module_files if downloads else (),
                    vendored=found.vendored,
                    copies=sources if downloads else (*above_files, *sources),
                    secrets=step.secrets if downloads else (),
                ),
            )
        ]


def _builder(step: GoBuild, target: Target) -> ImageReference:
    return step.builder or target.tools.image("golang")


def _sources(step: GoBuild, context: StepContext) -> go.GoSources:
    return go.sources(context.project, posixpath.normpath(step.source))


def _version_faults(builder: ImageReference, found: go.GoSources) -> Iterable[Fault]:
    """The builder fetches no other compiler, so it must have the version that a module asks for."""
    for path, version in found.versions:
        if builder.tag is not None and go.newer(version, builder.tag):
            minor = ".".join(version.split(".")[:2])
            yield Fault(
                f'"{path}" requires Go {version}, but the builder is "{builder}"',
                "builder",
                f'set builder="{builder.name}:{minor}", or lower the version with go mod edit -go',
            )
