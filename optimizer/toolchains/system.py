"""Packages of the operating system, by the base's own package manager."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from optimizer.bases.catalogue import BaseImage
from optimizer.errors import Fault
from optimizer.model.plan import Run, Stage
from optimizer.model.reference import ImageReference
from optimizer.model.steps import SystemPackages
from optimizer.toolchains.toolchain import StepContext, Target


class SystemToolchain:
    """Installs into the final image's own file system: a package writes all over it."""

    families: tuple[str, ...] = ()

    def images(self, step: SystemPackages, target: Target) -> tuple[ImageReference, ...]:
        return ()

    def check(self, step: SystemPackages, context: StepContext) -> Iterable[Fault]:
        if not step.packages:
            yield Fault("no package is named", "packages", "name at least one package, or leave the step out")

    def stages(self, step: SystemPackages, context: StepContext) -> Sequence[Stage]:
        packages = tuple(sorted(set(step.packages)))
        return [
            Stage(
                name=context.name,
                step=context.name,
                title=f"System packages {', '.join(packages)}",
                stability=context.stability,
                origin=context.target.image,
                actions=(Run(commands=install(context.target.base, packages)),),
                in_place=True,
            )
        ]


def install(base: BaseImage, packages: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The commands that install packages and leave no cache or log behind."""
    if base.package_manager == "yum":
        return (
            ("yum", "install", "-y", *packages),
            ("yum", "clean", "all"),
            ("rm", "-rf", "/var/cache/yum", "/var/log/yum.log"),
        )
    return (
        ("dnf", "install", "-y", "--nodocs", "--setopt=install_weak_deps=0", *packages),
        ("dnf", "clean", "all"),
        ("rm", "-rf", "/var/cache/dnf", "/var/cache/yum", "/var/log/dnf.log", "/var/log/dnf.rpm.log"),
    )


def git_package(base: BaseImage) -> str:
    """The package that brings the program ``git``, which no AWS-provided base has."""
    return "git" if base.package_manager == "yum" else "git-core"


def build_tools(base: BaseImage, packages: Sequence[str]) -> tuple[Run, ...]:
    """The run that puts an installer's own needs into a build stage; none without packages."""
    return (Run(commands=install(base, tuple(sorted(set(packages))))),) if packages else ()
