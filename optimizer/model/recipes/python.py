"""Recipes of Python packages: what a lock names, as a whole or a part of it, and first-party packages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from optimizer.model.recipes.recipe import PackagePart, Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonIndexes:
    """Where packages come from: ``default`` is asked first, ``others`` too, and ``links`` are pages of links to archives.

    Without ``default`` an installer asks the one of its own settings, which a
    build secret may change; with ``links_only`` it asks none at all.
    """

    default: str | None = None
    others: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    links_only: bool = False

    @property
    def urls(self) -> tuple[str, ...]:
        """All of them, the default first."""
        return (*((self.default,) if self.default else ()), *self.others, *self.links)


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonPackages(Recipe):
    """The packages of a lock, in ``/var/task``, without the first-party ones that have layers of their own.

    ``root`` and ``lock`` are absolute paths in the stage: where the project's
    files stand as they do to one another, and the lock.  ``lock_kind`` is the
    tool's name of it: ``requirements``, ``uv.lock``, ``poetry.lock``,
    ``Pipfile.lock`` or ``pylock.toml``.  ``installer`` is ``uv`` or ``pip``,
    and ``platform`` the word by which uv calls the image's own.  ``member`` is
    the workspace member, ``groups`` and ``extras`` what is chosen of the lock.
    ``hashed`` says that the lock has a hash of every archive.

    What has no hash, or is a file of the project, is installed separately and
    without its dependencies, which the lock names too: ``wheels`` are
    requirements with their versions, ``archives`` absolute paths, and
    ``sources`` requirements that are built.  ``separate`` are the names of all
    of them, ``find_links`` the directories that hold the wheels, and
    ``additional`` requirements that the lock does not name.

    ``dropped_lines`` are the kinds of lines that a requirements file must lose
    before it is installed (see :mod:`optimizer.locks.requirement_lines`); None
    when it is installed as it is.

    ``indexes`` are those of the packages, ``build_indexes`` those of what has
    no hash, such as build backends, and ``tool_indexes`` those of the tools.

    ``python`` is the exact version of the image's Python, where nothing else of
    the image decides the tree.
    """

    kind: ClassVar[str] = "python-packages"
    revision: ClassVar[int] = 4

    root: str
    lock: str
    lock_kind: str
    installer: str
    platform: str
    indexes: PythonIndexes
    build_indexes: PythonIndexes
    tool_indexes: PythonIndexes
    hashed: bool
    wheels_only: bool = False
    without_dependencies: bool = False
    local_files: bool = False
    member: str | None = None
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    separate: tuple[str, ...] = ()
    wheels: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    additional: tuple[str, ...] = ()
    dropped_lines: tuple[str, ...] | None = None
    bytecode: bool = False
    slim: tuple[str, ...] = ()
    python: str = ""

    @property
    def exact_programs(self) -> Mapping[str, str]:
        return {"python": self.python} if self.python else {}

    def with_programs(self, versions: Mapping[str, str], *, on_target: bool = False) -> PythonPackages:
        # pip is the image's own, and what a lock is known to have built from source may take anything of it.
        built = on_target or self.build_packages is not None or self.sources or self.archives or self.copies
        own_archives = self.local_files and not self.wheels_only
        if self.installer != "uv" or built or own_archives or "base-packages" in self.slim:
            return self
        return replace(self, python=versions.get("python", ""))

    @property
    def exported(self) -> bool:
        """Whether the lock's own tool has to write it as requirements, so that they name everything."""
        return self.lock_kind in ("uv.lock", "poetry.lock", "Pipfile.lock")

    @property
    def left_out(self) -> tuple[str, ...]:
        return self.slim


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedPackages(PackagePart):
    """Packages of a lock that have a layer of their own, in ``/var/task``, by their exact releases and without their dependencies.

    Nothing but the packages themselves is in the recipe, so that locks that
    have them in common have the layer in common.  ``requirements`` are lines of a
    requirements file with hashes, sorted, and ``options`` those lines of it that
    say where packages come from.  What else there is means the same as in
    :class:`PythonPackages`.
    """

    kind: ClassVar[str] = "pinned-packages"
    revision: ClassVar[int] = 2
    ecosystem: ClassVar[str] = "python"
    whole: ClassVar[str] = PythonPackages.kind

    requirements: tuple[str, ...]
    platform: str
    indexes: PythonIndexes
    tool_indexes: PythonIndexes
    options: tuple[str, ...] = ()
    wheels_only: bool = False
    bytecode: bool = False
    slim: tuple[str, ...] = ()
    python: str = ""

    @property
    def releases(self) -> tuple[tuple[str, str], ...]:
        """The packages by their normalised names, sorted, each with its version."""
        pins = (line.split(maxsplit=1)[0].partition("==") for line in self.requirements)
        return tuple((name, version) for name, _, version in pins)

    @property
    def names(self) -> tuple[str, ...]:
        """The packages by their normalised names, sorted."""
        return tuple(name for name, _ in self.releases)

    @property
    def exact_programs(self) -> Mapping[str, str]:
        return {"python": self.python} if self.python else {}

    def with_programs(self, versions: Mapping[str, str], *, on_target: bool = False) -> PinnedPackages:
        # What is built from source may take anything of the image.
        return self if on_target else replace(self, python=versions.get("python", ""))

    @property
    def left_out(self) -> tuple[str, ...]:
        return self.slim


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonSource(Recipe):
    """One first-party package, built by its own backend, in ``/var/task``, without its dependencies.

    ``name`` is that of the package, ``directory`` the absolute path of its
    project in the stage.  ``constraints`` are the exact versions of what builds
    it, as far as the project accepts them.
    """

    kind: ClassVar[str] = "python-source"
    revision: ClassVar[int] = 3

    name: str
    directory: str
    platform: str
    build_indexes: PythonIndexes
    tool_indexes: PythonIndexes
    constraints: tuple[str, ...] = ()
    bytecode: bool = False
