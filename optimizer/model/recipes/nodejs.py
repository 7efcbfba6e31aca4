"""Recipes of Node.js packages, and of what is built with them."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from optimizer.model.recipes.recipe import NO_BYTE, PackagePart, Recipe


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
class NodeInstallation(Recipe):
    """What installations from a lock of npm, pnpm or Yarn have in common.

    ``lock`` is the absolute path of the lock in the stage; the paths below are
    relative to its directory.  ``installer`` is ``npm``, ``pnpm``, ``yarn``,
    or ``yarn-classic`` for Yarn 1; npm is that of the base, each other is one of
    the ``tools``, by its name in npm's registry.  ``scripts`` says whether
    install scripts of packages run; those of the project never do.
    ``overruled_manifests`` name such scripts, or an installer of their own,
    and neither counts; so is a .npmrc that asks for packages for development.  ``local_links`` says whether the lock links packages of
    the project, or has them copied; None where it names none.  ``patches`` is
    the directory of patches that patch-package applies, which is then one of
    the ``tools``.  ``hooks`` are files with code that pnpm runs, and
    ``hashed_patches`` pairs of what pnpm patches and the file of the patch, which
    the lock does not name.  ``registry`` is used in place of npm's.
    """

    lock: str
    installer: str
    scripts: bool
    registry: str | None = None
    overruled_manifests: tuple[str, ...] = ()
    local_links: bool | None = None
    patches: str | None = None
    hooks: tuple[str, ...] = ()
    hashed_patches: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePackages(NodeInstallation):
    """The production packages of a lock, in ``/var/task``, without the local ones that have layers of their own.

    With ``cross`` the packages are chosen for ``platform`` on whatever platform
    the installer runs; without, it runs on that one.

    ``workspace`` says that the lock has members.  ``member`` is the one whose
    packages are installed, None for the root; ``needed_members`` are the
    directories of those that it needs.  ``importers`` are what has to stay of
    a lock that puts the packages of all importers into one directory; None
    when all of them stay.

    ``places`` are pairs of a directory with packages and of its place in
    ``/var/task``: the root, the member, and all local packages that it needs;
    empty where the packages all stand in the root.  With ``needed_itself`` some
    local package needs the member, or the root, in turn, so that links to it
    stay.

    ``node`` and, where that installs, ``npm`` are the exact versions that the
    image has, where nothing else of it decides the tree.
    """

    kind: ClassVar[str] = "node-packages"
    # 2: no hidden lock of npm, and no scope without packages.
    revision: ClassVar[int] = 2

    platform: NodePlatform
    cross: bool
    workspace: bool = False
    member: WorkspaceMember | None = None
    needed_members: tuple[str, ...] = ()
    importers: tuple[str, ...] | None = None
    places: tuple[tuple[str, str], ...] = ()
    needed_itself: bool = False
    slim: tuple[str, ...] = ()
    node: str = ""
    npm: str = ""

    @property
    def exact_programs(self) -> Mapping[str, str]:
        return _exact_programs(self)

    def with_programs(self, versions: Mapping[str, str], *, on_target: bool = False) -> NodePackages:
        # On its own platform as on any other, the installer goes by the platform of the recipe; scripts and builds may take anything of the image.
        runs_code = self.scripts or self.build_packages is not None or bool(self.hooks)
        if runs_code or "base-packages" in self.slim:
            return self
        node, npm = _known_programs(self.installer, versions)
        return replace(self, node=node, npm=npm)

    @property
    def left_out(self) -> tuple[str, ...]:
        return self.slim


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePart(PackagePart):
    """Packages of a lock that have a layer of their own, in ``/var/task``: their places in the tree of one installation.

    ``packages`` are pairs of a place, such as ``node_modules/@acme/text``, and of
    the release that is there; what a place holds is its release's, but for the
    places below it.  ``apart`` are the places of other parts that have to be
    known to tell what is taken: those below the own ones, and all of them for
    the ``rest``.

    The rest is what no other part has: packages without a group, links to
    programs and to packages of the project, and what else an installer leaves.
    ``links`` are the links of the tree, as pairs of a place and of where it
    leads, as far as the lock tells.  A lock that names no places has the
    packages with programs there, as pairs of a name and a release.  Its rest has
    ``unsettled`` packages besides, such pairs too, whose places follow from
    ``graph``, a digest of which package needs which; and what stands below a
    package is in the rest.

    Nothing of the lock as a whole is in the recipe, so that locks that have
    packages in common have the layer in common.  What else there is means the
    same as in :class:`NodePackages`.
    """

    kind: ClassVar[str] = "node-part"
    ecosystem: ClassVar[str] = "nodejs"
    whole: ClassVar[str] = NodePackages.kind

    installer: str
    packages: tuple[tuple[str, str], ...]
    platform: NodePlatform
    apart: tuple[str, ...] = field(default=(), metadata=NO_BYTE)
    rest: bool = False
    links: tuple[tuple[str, str], ...] = ()
    unsettled: tuple[tuple[str, str], ...] = ()
    graph: str = ""
    slim: tuple[str, ...] = ()
    node: str = ""
    npm: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        placed = (place.rpartition("node_modules/")[2] for place, _ in self.packages)
        return tuple(sorted({*placed, *(name for name, _ in self.unsettled)}))

    @property
    def names_places(self) -> bool:
        """Whether the lock names the places of all packages."""
        return self.installer == "npm"

    @property
    def exact_programs(self) -> Mapping[str, str]:
        return _exact_programs(self)

    def with_programs(self, versions: Mapping[str, str], *, on_target: bool = False) -> NodePart:
        node, npm = _known_programs(self.installer, versions)
        return replace(self, node=node, npm=npm)


def _exact_programs(recipe: NodePackages | NodePart) -> Mapping[str, str]:
    return {name: version for name, version in (("node", recipe.node), ("npm", recipe.npm)) if version}


def _known_programs(installer: str, versions: Mapping[str, str]) -> tuple[str, str]:
    """The versions of Node.js and npm, as far as they decide what the installer makes; none where one of these is not known."""
    node, npm = versions.get("node", ""), versions.get("npm", "") if installer == "npm" else None
    return ("", "") if "" in (node, npm) else (node, npm or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeDevelopmentPackages(NodeInstallation):
    """All packages of a lock, those for development too, beside the lock: what a build starts from, and no tree."""

    kind: ClassVar[str] = "node-development-packages"

    @property
    def makes_tree(self) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeBundles(Recipe):
    """Files that esbuild makes of entries and of everything that they import.

    ``workdir`` is the absolute path of the package in the stage, and ``root``
    that of the directory above all sources, to which the paths in source maps
    are relative.  ``entries`` are pairs: a file relative to ``workdir``, and
    the file that is made of it, relative to ``to``, without its ending.
    ``format`` is ``esm`` or ``cjs``; ``target`` the version of Node.js in
    esbuild's words, such as ``node22``.  ``external`` are not bundled.
    """

    kind: ClassVar[str] = "node-bundles"

    workdir: str
    root: str
    entries: tuple[tuple[str, str], ...]
    to: str
    format: str
    target: str
    external: tuple[str, ...] = ()
    minify: bool = False
    source_maps: bool = False

    @property
    def ending(self) -> str:
        """The ending of the bundles: Node.js needs no package.json to know what ``.mjs`` is."""
        return ".mjs" if self.format == "esm" else ".js"

    def made_files(self) -> tuple[str, ...]:
        endings = (self.ending, f"{self.ending}.map") if self.source_maps else (self.ending,)
        return tuple(posixpath.join(self.to, name + ending) for _, name in self.entries for ending in endings)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeScriptOutput(Recipe):
    """What a script of a package makes.

    ``workdir`` is the absolute path of the package in the stage, ``output`` the
    directory relative to it whose contents the image has in ``to``.
    ``installer`` runs the script (see :class:`NodeInstallation`), with the
    variables of ``environment``.  With ``modules`` the package's files are ES
    modules by its package.json, so the output has one that says so.
    """

    kind: ClassVar[str] = "node-script-output"

    workdir: str
    installer: str
    script: str
    output: str
    to: str
    environment: tuple[tuple[str, str], ...] = ()
    modules: bool = False
