"""System packages, by the base's own package manager."""

from __future__ import annotations

from optimizer.builders.docker.actions import Run, StageBody
from optimizer.model.plan import Stage
from optimizer.model.recipes.commands import SystemPackageInstallation
from optimizer.model.recipes.recipe import PackageSet


def system_packages(recipe: SystemPackageInstallation, stage: Stage) -> StageBody:
    """Installs into the file system that the stage starts from."""
    return StageBody(actions=(Run(commands=_install(recipe.packages)),))


def build_tools(packages: PackageSet | None) -> tuple[Run, ...]:
    """The run that puts what a tool needs to build into the stage; none without packages."""
    return (Run(commands=_install(packages)),) if packages is not None else ()


def _install(packages: PackageSet) -> tuple[tuple[str, ...], ...]:
    """The commands that install packages and leave no cache or log behind."""
    if packages.manager == "yum":
        return (
            ("yum", "install", "-y", *packages.names),
            ("yum", "clean", "all"),
            ("rm", "-rf", "/var/cache/yum", "/var/log/yum.log"),
        )
    return (
        ("dnf", "install", "-y", "--nodocs", "--setopt=install_weak_deps=0", *packages.names),
        ("dnf", "clean", "all"),
        ("rm", "-rf", "/var/cache/dnf", "/var/cache/yum", "/var/log/dnf.log", "/var/log/dnf.rpm.log"),
    )
