"""Go programs for the ``provided`` runtimes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence

from optimizer.errors import Fault
from optimizer.model.plan import TREE, CopyInputs, Input, Run, Stage, oci_architecture
from optimizer.model.reference import ImageReference
from optimizer.model.steps import GoBuild
from optimizer.toolchains.toolchain import GENERATED_FILES, StepContext, Target, missing_directory, missing_file, normalise

_BUILDER = ImageReference.parse("public.ecr.aws/docker/library/golang:1.25")
_WORKDIR = "/build"
_BOOTSTRAP = f"{TREE}/var/runtime/bootstrap"


class GoToolchain:
    """A static binary, the same in every directory, made for the target's architecture by any builder."""

    families: tuple[str, ...] = ("provided",)

    def images(self, step: GoBuild, target: Target) -> tuple[ImageReference, ...]:
        return (step.builder or _BUILDER,)

    def check(self, step: GoBuild, context: StepContext) -> Iterable[Fault]:
        yield from missing_directory(context, step.source, "source", "the Go module")
        if context.project.kind(step.source) != "directory":
            return
        module = posixpath.join(step.source, "go.mod")
        yield from missing_file(context, module, "source", "the module file", "name the directory of go.mod, or create it with go mod init")
        if _requires(step, context):
            yield from missing_file(context, posixpath.join(step.source, "go.sum"), "source", "the lock file", "create it with go mod tidy")
        if step.package != "." and context.project.kind(posixpath.join(step.source, step.package)) != "directory":
            yield Fault(
                f'package "{step.package}" does not exist in "{step.source}"',
                "package",
                "name the directory of the program, relative to the source",
            )

    def installers(self, step: GoBuild, context: StepContext) -> Sequence[str]:
        return ("Go",)

    def stages(self, step: GoBuild, context: StepContext) -> Sequence[Stage]:
        environment = (
            ("CGO_ENABLED", "0"),
            ("GOARCH", oci_architecture(context.target.architecture)),
            ("GOOS", "linux"),
            # A builder that fetched another compiler would no longer be the pinned one.
            ("GOTOOLCHAIN", "local"),
        )
        module_files = tuple(
            Input(source=path, target=f"{_WORKDIR}/", directory=False)
            for path in (posixpath.join(step.source, "go.mod"), posixpath.join(step.source, "go.sum"))
            if context.project.kind(path) == "file"
        )
        download = (
            (
                CopyInputs(inputs=module_files),
                Run(commands=(("go", "mod", "download"),), caches=("/go/pkg/mod",), secrets=step.secrets, environment=environment),
            )
            if _requires(step, context)
            else ()
        )
        package = "." if step.package == "." else f"./{step.package}"
        build = ("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-tags=lambda.norpc", "-o", _BOOTSTRAP, package)
        return [
            Stage(
                name=context.name,
                step=context.name,
                title=f"Go program of {step.source}",
                stability=context.stability,
                origin=step.builder or _BUILDER,
                workdir=_WORKDIR,
                actions=(
                    *download,
                    CopyInputs(
                        inputs=(
                            Input(source=step.source, target=f"{_WORKDIR}/", directory=True, exclude=(*GENERATED_FILES, "**/*_test.go")),
                        )
                    ),
                    Run(
                        commands=(build, normalise("go")),
                        caches=("/go/pkg/mod", "/root/.cache/go-build"),
                        environment=environment,
                    ),
                ),
            )
        ]


def _requires(step: GoBuild, context: StepContext) -> bool:
    module = posixpath.join(step.source, "go.mod")
    if context.project.kind(module) != "file":
        return False
    return re.search(r"^\s*require\b", context.project.read_text(module), re.MULTILINE) is not None
