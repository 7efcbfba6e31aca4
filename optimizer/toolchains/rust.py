"""Rust programs for the ``provided`` runtimes."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from optimizer.errors import Fault, did_you_mean
from optimizer.locks import cargo
from optimizer.locks.go import newer
from optimizer.locks.local import Local
from optimizer.model.architectures import BY_NAME
from optimizer.model.plan import OnTarget, Stage
from optimizer.model.recipes.programs import RustProgram
from optimizer.model.reference import ImageReference
from optimizer.model.steps import RustBuild
from optimizer.toolchains.sources import WORKDIR, Placement
from optimizer.toolchains.toolchain import Rank, StepContext, Target, below, missing_directory, missing_file

_UNSTABLE = ("nightly", "beta")


class RustToolchain:
    """A static release binary, the same in every directory."""

    families: tuple[str, ...] = ("provided",)
    rank: int = Rank.RUST_BUILD
    sees_trees: bool = False

    def images(self, step: RustBuild, target: Target) -> tuple[ImageReference, ...]:
        return (_builder(step, target),)

    def check(self, step: RustBuild, context: StepContext) -> Iterable[Fault]:
        yield from missing_directory(context, step.source, "source", "the Rust package")
        if context.project.kind(step.source) != "directory":
            return
        manifest = below(step.source, cargo.MANIFEST)
        yield from missing_file(context, manifest, "source", "the package file", "name the directory of Cargo.toml")
        if context.project.kind(manifest) != "file":
            return
        try:
            yield from _faults(step, context)
        except ValueError as error:
            yield Fault(str(error), "source", "fix the file; check it with cargo metadata")

    def local(self, step: RustBuild, context: StepContext) -> Iterable[Local]:
        return _sources(step, context).local

    def warnings(self, step: RustBuild, context: StepContext) -> Iterable[str]:
        found = cargo.channel(context.project, posixpath.normpath(step.source))
        if found is not None:
            yield f'"{found[0]}" names the toolchain "{found[1]}" for rustup; here the builder "{_builder(step, context.target)}" decides'

    def installers(self, step: RustBuild, context: StepContext) -> Sequence[str]:
        return ("Cargo",)

    def stages(self, step: RustBuild, context: StepContext) -> Sequence[Stage]:
        found = _sources(step, context)
        placement = Placement.of(step.source, (*found.packages, *map(posixpath.dirname, found.inherited)))
        # rustup would fetch another compiler than the pinned one.
        sources = placement.directories(found.packages, ("target/", *cargo.TOOLCHAINS))
        chosen = cargo.target(context.project, posixpath.normpath(step.source))
        return [
            Stage(
                name=context.name,
                step=context.name,
                title=f"Rust program of {step.source}",
                stability=context.stability,
                origin=_builder(step, context.target),
                on_target=OnTarget("the builder has the standard library of its own platform only"),
                recipe=RustProgram(
                    workdir=placement.workdir,
                    root=WORKDIR,
                    binary=step.binary,
                    package=step.package,
                    target=chosen[1] if chosen is not None else None,
                    copies=(*placement.files(found.inherited), *sources),
                    secrets=step.secrets,
                ),
            )
        ]


def _builder(step: RustBuild, target: Target) -> ImageReference:
    # Alpine's Rust links musl statically, so the binary asks nothing of the base's C library.
    return step.builder or target.tools.image("rust")


def _faults(step: RustBuild, context: StepContext) -> Iterable[Fault]:
    source = posixpath.normpath(step.source)
    builder = _builder(step, context.target)
    above = None if context.project.kind(below(source, cargo.LOCK)) == "file" else cargo.workspace_of(context.project, source)
    found = _sources(step, context)
    if above is not None:
        name = found.members[0][0] if found.members else "NAME"
        yield Fault(
            f'"{step.source}" is a member of the workspace in "{above}", which holds the lock file',
            "source",
            f'set source="{above}" and package="{name}"',
        )
    else:
        yield from missing_file(context, below(source, cargo.LOCK), "source", "the lock file", "create it with cargo generate-lockfile")
    makers = sorted(name for name, binaries in found.members if step.binary in binaries)
    if step.package is None and len(makers) > 1:
        yield Fault(
            f'the packages {", ".join(makers)} all have a binary "{step.binary}"',
            "package",
            f'set package to one of them, such as "{makers[0]}"',
        )
    known = [name for name, _ in found.members]
    binaries = sorted({binary for name, made in found.members if step.package in (None, name) for binary in made})
    made = step.binary in binaries or cargo.in_bin_directory(context.project, found.packages, step.binary)
    if binaries and not made and not _has_wildcards(context, source):
        yield Fault(
            f'no package of "{step.source}" has a binary "{step.binary}"; allowed: {", ".join(binaries)}',
            "binary",
            did_you_mean(step.binary, binaries) or f'set binary="{binaries[0]}"',
        )
    if step.package is not None and step.package not in known and not _has_wildcards(context, source):
        yield Fault(
            f'"{step.package}" is not a package of "{source}"; allowed: {", ".join(known)}',
            "package",
            did_you_mean(step.package, known) or "name the package as its Cargo.toml does",
        )
    for path, version in found.versions:
        if builder.tag is not None and newer(version, builder.tag):
            yield Fault(
                f'"{path}" requires Rust {version}, but the builder is "{builder}"',
                "builder",
                f'set builder="{context.target.tools.image("rust").name}:{version}-alpine"',
            )
    toolchain = cargo.channel(context.project, source)
    if toolchain is not None and toolchain[1].startswith(_UNSTABLE) and step.builder is None:
        yield Fault(
            f'"{toolchain[0]}" requires the toolchain "{toolchain[1]}", but the builder "{builder}" has a stable toolchain',
            "builder",
            "set builder to an image with that toolchain, or choose a stable toolchain",
        )
    chosen = cargo.target(context.project, source)
    machine = BY_NAME[context.target.architecture].machine
    if chosen is not None and not chosen[1].startswith(f"{machine}-"):
        yield Fault(
            f'"{chosen[0]}" builds for "{chosen[1]}", but the image is for {context.target.architecture}',
            "source",
            "remove build.target: the builder builds for the image's architecture",
        )


def _has_wildcards(context: StepContext, source: str) -> bool:
    """Whether some members of a workspace are not known by name."""
    return "*" in context.project.read_text(below(source, cargo.MANIFEST))


def _sources(step: RustBuild, context: StepContext) -> cargo.CargoSources:
    return cargo.sources(context.project, posixpath.normpath(step.source))
