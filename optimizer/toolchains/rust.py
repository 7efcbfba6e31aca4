"""Rust programs for the ``provided`` runtimes."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from optimizer.errors import Fault
from optimizer.model.plan import TREE, CopyInputs, Input, Run, Stage
from optimizer.model.reference import ImageReference
from optimizer.model.steps import RustBuild
from optimizer.toolchains.toolchain import GENERATED_FILES, StepContext, Target, missing_directory, missing_file, normalise

# Alpine's Rust links musl statically, so the binary asks nothing of the base's C library.
_BUILDER = ImageReference.parse("public.ecr.aws/docker/library/rust:1-alpine")
_WORKDIR = "/build"
_TARGET = "/tmp/target"


class RustToolchain:
    """A static release binary, the same in every directory."""

    families: tuple[str, ...] = ("provided",)

    def images(self, step: RustBuild, target: Target) -> tuple[ImageReference, ...]:
        return (step.builder or _BUILDER,)

    def check(self, step: RustBuild, context: StepContext) -> Iterable[Fault]:
        yield from missing_directory(context, step.source, "source", "the Rust package")
        if context.project.kind(step.source) == "directory":
            yield from missing_file(
                context, posixpath.join(step.source, "Cargo.toml"), "source", "the package file", "name the directory of Cargo.toml"
            )
            yield from missing_file(
                context, posixpath.join(step.source, "Cargo.lock"), "source", "the lock file", "create it with cargo generate-lockfile"
            )

    def installers(self, step: RustBuild, context: StepContext) -> Sequence[str]:
        return ("Cargo",)

    def stages(self, step: RustBuild, context: StepContext) -> Sequence[Stage]:
        source = Input(source=step.source, target=f"{_WORKDIR}/", directory=True, exclude=(*GENERATED_FILES, "target/"))
        return [
            Stage(
                name=context.name,
                step=context.name,
                title=f"Rust program of {step.source}",
                stability=context.stability,
                origin=step.builder or _BUILDER,
                workdir=_WORKDIR,
                needs_target="the builder has the standard library of its own platform alone",
                actions=(
                    CopyInputs(inputs=(source,)),
                    Run(
                        commands=(
                            ("cargo", "build", "--release", "--locked", "--bin", step.binary, "--target-dir", _TARGET),
                            ("mkdir", "-p", f"{TREE}/var/runtime"),
                            ("cp", f"{_TARGET}/release/{step.binary}", f"{TREE}/var/runtime/bootstrap"),
                            normalise("rust"),
                        ),
                        caches=("/usr/local/cargo/registry",),
                        secrets=step.secrets,
                        environment=(
                            ("CARGO_INCREMENTAL", "0"),
                            ("CARGO_PROFILE_RELEASE_STRIP", "symbols"),
                            ("RUSTFLAGS", f"--remap-path-prefix={_WORKDIR}=. --remap-path-prefix=/usr/local/cargo=cargo"),
                        ),
                    ),
                ),
            )
        ]
