"""What a step of Node.js packages finds in the project: its lock, the manifests, and what they need of one another."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from optimizer.locks.local import Local, LocalKind
from optimizer.locks.managers import manager_of
from optimizer.locks.nodejs import Importer, NodeLock
from optimizer.locks.nodejs_manifest import Manifest, OwnScripts, read_manifest
from optimizer.locks.nodejs_npm import read_npm
from optimizer.locks.nodejs_pnpm import HOOKS, NEWER_HOOKS, hook_files, hooks_checksum, patch_paths, read_pnpm, workspace_patches
from optimizer.locks.nodejs_yarn import is_classic, mirror_directories, plugin_files, read_classic, read_yarn
from optimizer.model.steps import NodeDependencies
from optimizer.toolchains.toolchain import StepContext, below

WORKDIR = "/build"
"""The directory of a stage above everything of the project that is in it."""

_TASK = "/var/task"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeProject:
    """The project as the installer of a lock sees it; paths are relative to the directory of the lock.

    ``tool`` is ``npm``, ``pnpm`` or ``yarn``; ``lock`` is empty, and
    ``readable`` false, for one that is damaged.  ``importer`` is whose
    packages are installed: ``.``, or the member that the step names.
    ``everything`` says that the packages of all importers are installed, those
    for development too, and ``beside`` are other paths that the stage has where
    they stand in the project.
    """

    step: NodeDependencies
    context: StepContext
    tool: str
    classic: bool
    lock: NodeLock
    readable: bool
    members: Mapping[str, str]
    importer: str
    everything: bool = False
    beside: tuple[str, ...] = ()

    @property
    def directory(self) -> str:
        """The directory of the lock, relative to the project."""
        return posixpath.dirname(self.step.lock) or "."

    @property
    def installed(self) -> Importer:
        """What the lock installs for the importer."""
        return self.lock.importer(self.importer)

    @property
    def needs(self) -> tuple[str, ...]:
        """The local packages that the importer needs, sorted."""
        return self.installed.needs

    @property
    def is_needed_itself(self) -> bool:
        """Whether a package that the importer needs, needs the importer."""
        return any(self.importer in self.lock.importer(path).needs for path in self.needs)

    @property
    def has_local_packages(self) -> bool:
        """Whether the tree is more than the ``node_modules`` beside the lock."""
        return bool(self.members or self.needs)

    @property
    def is_strict(self) -> bool:
        """Whether npm and pnpm are told to fail for ``engines`` that do not fit, where they would only warn."""
        return bool(re.search(r"^\s*engine-strict\s*=\s*true", self.settings(".npmrc"), re.MULTILINE))

    def path(self, name: str) -> str:
        """A path as seen from the project's root."""
        return below(self.directory, name)

    def places(self, package: str) -> tuple[str, ...]:
        """Where in the image a local package belongs, relative to the task root.

        At its own path; one outside of the lock's directory has none there,
        and stands where the links to it would.
        """
        if not package.startswith("../"):
            return (package,)
        importers = {".", self.importer, *self.needs}
        owners = {
            place: place.rpartition("node_modules/")[0].rstrip("/") or "." for place, path in self.lock.links.items() if path == package
        }
        return tuple(sorted(place for place, owner in owners.items() if owner in importers))

    def manifest(self, path: str) -> Manifest:
        """The manifest of an importer or of a local package; an empty one where it is missing or damaged."""
        return manifest_at(self.context, self.path(posixpath.join(path, "package.json")))

    def scripts(self, path: str) -> OwnScripts:
        """What the lifecycle scripts of a package do."""
        return self.manifest(path).own_scripts(self.tool)

    def manifests(self) -> tuple[str, ...]:
        """The packages whose manifests the installer wants to see, the root first.

        npm and Yarn compare the lock with all members; pnpm's is cut down to those that are needed.
        """
        found = {*self.needs, self.importer}
        if self.tool == "pnpm" and not self.everything:
            # Members that are copied instead of linked (dependenciesMeta.injected) are importers all the same.
            injected = set(self.lock.copies) & set(self.members)
            found |= injected.union(*(self.lock.importer(path).needs for path in injected))
        else:
            found |= set(self.members)
        return (".", *sorted(found - {"."}))

    @property
    def hooks(self) -> tuple[str, ...]:
        """The files of hooks that pnpm runs, relative to the directory of the lock."""
        if self.tool != "pnpm":
            return ()
        named = hook_files(self.settings("pnpm-workspace.yaml"), self.settings(".npmrc"))
        there = [name for name in (NEWER_HOOKS, HOOKS) if has_file(self.context, self.path(name))]
        if named or not self.lock.hooks:
            # Without a checksum no hooks made the lock, and pnpm 10 runs its own file all the same.
            return named or tuple(name for name in there if name == HOOKS)
        fitting = [name for name in there if hooks_checksum(self.settings(name)) == self.lock.hooks]
        return tuple((fitting or there or [HOOKS])[:1])

    @property
    def hashed_patches(self) -> tuple[tuple[str, str], ...]:
        """What is patched, with the file of the patch, where the lock has the hash alone."""
        found = {**self._own_patches, **workspace_patches(self.settings("pnpm-workspace.yaml"))}
        return tuple((key, found[key]) for key in self.lock.hashed_patches if key in found)

    @property
    def _own_patches(self) -> dict[str, str]:
        return patch_paths({"patchedDependencies": self.manifest(".").patched})

    def local(self) -> Iterator[Local]:
        """What the lock and the manifests name beside packages of registries."""
        for path in self.manifests()[1:]:
            yield self._local(LocalKind.FILE, posixpath.join(path, "package.json"), self.step.lock)
        for path in self.needs:
            yield self._local(LocalKind.PACKAGE, path, self.step.lock, self.name(path))
        for path, name in sorted(self.lock.archives.items()):
            yield self._local(LocalKind.ARCHIVE, path, self.step.lock, name)
        for path, name in sorted(self.lock.copies.items()):
            yield self._local(LocalKind.PACKAGE, path, self.step.lock, name)
        for path in self.lock.files:
            yield self._local(LocalKind.FILE, path, self.step.lock)
        yield from self._beside_the_lock()

    def _beside_the_lock(self) -> Iterator[Local]:
        patches = self.scripts(".").patches
        if patches is not None:
            yield self._local(LocalKind.DIRECTORY, patches, self.path("package.json"))
        settings = {name: self.settings(name) for name in settings_beside(self.step.lock)}
        if self.tool == "pnpm":
            for path in sorted(set(self._own_patches.values())):
                yield self._local(LocalKind.FILE, path, self.path("package.json"))
            for path in sorted(set(workspace_patches(settings["pnpm-workspace.yaml"]).values())):
                yield self._local(LocalKind.FILE, path, self.path("pnpm-workspace.yaml"))
            for path in self.hooks:
                yield self._local(LocalKind.FILE, path, self.step.lock)
        elif self.classic:
            for path in mirror_directories(settings[".yarnrc"]):
                yield self._local(LocalKind.DIRECTORY, path, self.path(".yarnrc"))
        elif self.tool == "yarn":
            for path in plugin_files(settings[".yarnrc.yml"]):
                yield self._local(LocalKind.FILE, path, self.path(".yarnrc.yml"))

    def name(self, path: str) -> str:
        """The name of a local package, its path where it has none."""
        return self.manifest(path).name or self.lock.local.get(path) or path

    def _local(self, kind: LocalKind, path: str, place: str, name: str = "") -> Local:
        return Local(kind=kind, path=self.path(path), place=place, name=name)

    def settings(self, name: str) -> str:
        """The text of a file beside the lock; empty where it is missing."""
        path = self.path(name)
        return self.context.project.read_text(path) if self.context.project.kind(path) == "file" else ""

    @property
    def workdir(self) -> str:
        """Where the lock stands in the stage: deep enough for everything that it names above itself."""
        patches = (path for _, path in self.hashed_patches)
        named = [*self.manifests(), *self.lock.archives, *self.lock.copies, *self.lock.files, *patches, *self.hooks, *self.beside]
        ups = max(path.split("/").count("..") for path in named)
        parts = self.directory.split("/")
        return posixpath.join(WORKDIR, *parts[len(parts) - ups :]) if ups else WORKDIR

    def stage_path(self, path: str) -> str:
        """Where a file or directory of the project stands in the stage."""
        return posixpath.normpath(posixpath.join(self.workdir, posixpath.relpath(path or ".", self.directory)))

    def image_path(self, place: str) -> str:
        """A place as an absolute path of a directory in the image."""
        return f"{posixpath.normpath(posixpath.join(_TASK, place))}/"


def settings_beside(lock: str) -> tuple[str, ...]:
    """The names of the files beside a lock that its manager reads where they are."""
    manager = manager_of(posixpath.basename(lock))
    return manager.settings if manager else ()


def manifest_at(context: StepContext, path: str) -> Manifest:
    """The manifest at a path of the project; an empty one where it is missing or damaged."""
    found = read_manifest(context.project.read_text(path)) if has_file(context, path) else None
    return found or Manifest()


def has_file(context: StepContext, path: str) -> bool:
    """Whether a file is in the project; a path out of it is reported elsewhere, with the lock that names it."""
    return not path.startswith(("../", "/")) and context.project.kind(path) == "file"


def read_project(step: NodeDependencies, context: StepContext) -> NodeProject:
    """The project of a step whose lock and package.json are there."""
    text = context.project.read_text(step.lock)
    file = posixpath.basename(step.lock)
    directory = posixpath.dirname(step.lock)

    def production(path: str) -> tuple[str, ...]:
        return manifest_at(context, below(directory, posixpath.join(path, "package.json"))).production

    classic = False
    lock: NodeLock | None
    if file == "pnpm-lock.yaml":
        tool, lock = "pnpm", read_pnpm(text)
    elif file == "yarn.lock":
        tool, classic = "yarn", is_classic(text)
        lock = (
            read_classic(text)
            if classic
            else read_yarn(text, production, manifest_at(context, below(directory, "package.json")).overridden)
        )
    else:
        tool, lock = "npm", read_npm(text)
    known = lock or NodeLock()
    members = {path: _member_name(context, directory, path) or name or path for path, name in known.members.items()}
    chosen = [path for path, name in members.items() if name == step.package]
    return NodeProject(
        step=step,
        context=context,
        tool=tool,
        classic=classic,
        lock=known,
        readable=lock is not None,
        members=members,
        importer=chosen[0] if chosen else ".",
    )


def _member_name(context: StepContext, directory: str, path: str) -> str:
    return manifest_at(context, below(directory, posixpath.join(path, "package.json"))).name
