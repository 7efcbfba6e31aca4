"""Recipes of Node.js packages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from optimizer.model.recipes.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlatform:
    """A platform in the words by which package.json names one: ``x64`` or ``arm64``, ``linux``, ``glibc``.

    Source: https://docs.npmjs.com/cli/configuring-npm/package-json#cpu
    """

    cpu: str
    os: str
    libc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceMember:
    """A member of a workspace: its directory relative to that of the lock, and the name of its package."""

    path: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePackages(Recipe):
    """The production packages of a lock, in ``/var/task``, without the local ones that have layers of their own.

    ``lock`` is the absolute path of the lock in the stage; the paths below are
    relative to its directory.  ``installer`` is ``npm``, ``pnpm``, ``yarn``,
    or ``yarn-classic`` for Yarn 1; npm is that of the base, each other is one of
    the ``tools``, by its name in npm's registry.

    With ``cross`` the packages are chosen for ``platform`` on whatever platform
    the installer runs; without, it runs on that one.  ``scripts`` says whether
    install scripts of packages run; those of the project never do.
    ``overruled_manifests`` name such scripts, or an installer of their own,
    and neither counts.

    ``workspace`` says that the lock has members.  ``member`` is the one whose
    packages are installed, None for the root; ``needed_members`` are the
    directories of those that it needs.  ``importers`` are what has to stay of
    a lock that puts the packages of all importers into one directory; None
    when all of them stay.

    ``local_links`` says whether the lock links packages of the project, or has
    them copied; None where it names none.  ``places`` are pairs of a directory
    with packages and of its place in ``/var/task``: the root, the member,
    and all local packages that it needs; empty where the packages all stand in
    the root.  With ``needed_itself`` some local package needs the member, or
    the root, in turn, so that links to it stay.

    ``patches`` is the directory of patches that patch-package applies, which
    is then one of the ``tools``.  ``registry`` is used in place of npm's.
    """

    kind: ClassVar[str] = "node-packages"
    # 2: no hidden lock of npm, and no scope without packages.
    revision: ClassVar[int] = 2

    lock: str
    installer: str
    platform: NodePlatform
    cross: bool
    scripts: bool
    registry: str | None = None
    overruled_manifests: tuple[str, ...] = ()
    workspace: bool = False
    member: WorkspaceMember | None = None
    needed_members: tuple[str, ...] = ()
    importers: tuple[str, ...] | None = None
    local_links: bool | None = None
    places: tuple[tuple[str, str], ...] = ()
    needed_itself: bool = False
    patches: str | None = None
    slim: tuple[str, ...] = ()

    @property
    def left_out(self) -> tuple[str, ...]:
        return self.slim
