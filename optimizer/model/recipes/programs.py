"""Recipes of programs that a compiler makes from the project's sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from optimizer.model.inputs import Input
from optimizer.model.recipes.recipe import Recipe

TASK = "/var/task"
"""Where the image holds classes and assemblies: the directory in which a runtime looks for its function."""

BOOTSTRAP = "/var/runtime/bootstrap"
"""Where the image holds the program that a ``provided`` runtime starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JavaRecipe(Recipe):
    """What the libraries and the classes of a Java project have in common.

    ``build_tool`` is ``maven`` or ``gradle``, in the version that the stage's
    image has.  ``workdir`` is the absolute path at which the stage has the
    root of the build.  ``module`` is the directory of the module to build,
    relative to the root; None for a build of one module.  ``modules`` are
    the absolute paths of the build's other modules, each of which has to be a
    directory, also where it holds no build file.
    """

    build_tool: str
    workdir: str
    module: str | None = None
    modules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JavaLibraries(JavaRecipe):
    """The third-party libraries of a Java project's runtime class path, in ``lib`` below :data:`TASK`."""

    kind: ClassVar[str] = "java-libraries"


@dataclass(frozen=True, slots=True, kw_only=True)
class JavaClasses(JavaRecipe):
    """The classes of a Java project, in :data:`TASK`, and an archive of each other module that it uses, in ``lib`` below."""

    kind: ClassVar[str] = "java-classes"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoProgram(Recipe):
    """A static Go program at :data:`BOOTSTRAP`, which holds no path of the stage.

    ``workdir`` is the absolute path of the module, and ``package`` the
    program's directory in it.  ``architecture`` is one of Lambda's.
    ``module_files`` are what Go reads before it knows the modules to download;
    they are downloaded before any source is there, and only then are there
    secrets.  Without them there is nothing to download.  ``vendored`` programs
    are built from the packages of a vendor directory alone.
    """

    kind: ClassVar[str] = "go-program"

    workdir: str
    package: str
    architecture: str
    module_files: tuple[Input, ...] = ()
    vendored: bool = False

    def inputs(self) -> tuple[Input, ...]:
        return (*self.module_files, *self.copies, *self.reads)


@dataclass(frozen=True, slots=True, kw_only=True)
class RustProgram(Recipe):
    """A Rust program at :data:`BOOTSTRAP`, built as the lock file says, without symbols.

    ``workdir`` is the absolute path of the package or workspace, and ``root``
    that of the directory above all sources, which the program does not name.
    ``package`` is None where the workspace has one package with the binary.
    ``target`` is the triple that the project's own configuration builds for,
    such as ``x86_64-unknown-linux-musl``; None for the builder's own.
    """

    kind: ClassVar[str] = "rust-program"

    workdir: str
    root: str
    binary: str
    package: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DotnetProgram(Recipe):
    """A .NET project, published in :data:`TASK` for a runtime that the image has.

    ``workdir`` is the absolute path of the source, and ``project`` the
    project's file or directory in it.  ``architecture`` is one of Lambda's.
    ``locked`` projects have a lock file, which must be up to date.
    """

    kind: ClassVar[str] = "dotnet-program"

    workdir: str
    project: str
    architecture: str
    locked: bool
