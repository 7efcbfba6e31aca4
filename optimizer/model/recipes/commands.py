"""Recipes of what a user or the operating system's package manager does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from optimizer.model.recipes.recipe import NO_BYTE, PackageSet, Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemPackageInstallation(Recipe):
    """Packages of the operating system, installed into the image's own file system."""

    kind: ClassVar[str] = "system-packages"

    packages: PackageSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands(Recipe):
    """Commands that write a tree; each is an argument list.

    ``workdir`` is the absolute path of the directory in which they run;
    ``environment`` holds for them, and ``arguments`` are build arguments that
    they see.  ``language`` is what the image under the stage can run:
    ``python``, ``nodejs``, ``ruby``, or ``shell``.  ``caches`` are absolute
    paths of directories that outlive a build; what is in them changes no byte.
    """

    kind: ClassVar[str] = "commands"

    run: tuple[tuple[str, ...], ...]
    workdir: str
    language: str
    environment: tuple[tuple[str, str], ...] = ()
    arguments: tuple[tuple[str, str], ...] = ()
    caches: tuple[str, ...] = field(default=(), metadata=NO_BYTE)
