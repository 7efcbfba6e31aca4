"""Packages of the operating system, by the base's own package manager."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from optimizer.bases.catalogue import BaseImage
from optimizer.errors import Fault
from optimizer.model.plan import Stage
from optimizer.model.recipes.commands import SystemPackageInstallation
from optimizer.model.recipes.recipe import PackageSet
from optimizer.model.reference import ImageReference
from optimizer.model.steps import SystemPackages
from optimizer.toolchains.toolchain import Rank, StepContext, Target


class SystemToolchain:
    """Installs into the final image's own file system: a package writes all over it."""

    families: tuple[str, ...] = ()
    rank: int = Rank.SYSTEM_PACKAGES
    sees_trees: bool = False

    def images(self, step: SystemPackages, target: Target) -> tuple[ImageReference, ...]:
        return ()

    def check(self, step: SystemPackages, context: StepContext) -> Iterable[Fault]:
        if not step.packages:
            yield Fault("no package is named", "packages", "name at least one package, or remove the step")

    def stages(self, step: SystemPackages, context: StepContext) -> Sequence[Stage]:
        packages = PackageSet(manager=context.target.base.package_manager, names=tuple(sorted(set(step.packages))))
        return [
            Stage(
                name=context.name,
                step=context.name,
                title=f"System packages {', '.join(packages.names)}",
                stability=context.stability,
                origin=context.target.image,
                recipe=SystemPackageInstallation(packages=packages),
                in_place=True,
            )
        ]


def git_package(base: BaseImage) -> str:
    """The package that brings the program ``git``, which no AWS-provided base has."""
    return "git" if base.package_manager == "yum" else "git-core"
