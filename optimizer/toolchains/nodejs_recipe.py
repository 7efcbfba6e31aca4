"""What the stages of a lock of npm, pnpm or Yarn make, as recipes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from optimizer.locks.local import LocalKind
from optimizer.model.inputs import Input
from optimizer.model.recipes.nodejs import NodeDevelopmentPackages, NodePackages, WorkspaceMember
from optimizer.model.recipes.recipe import Tool
from optimizer.toolchains.nodejs_platform import on_target, platform
from optimizer.toolchains.nodejs_project import NodeProject, settings_beside
from optimizer.toolchains.secrets import user_npmrc
from optimizer.toolchains.system import git_package
from optimizer.toolchains.toolchain import GENERATED_FILES

_ESBUILD = "esbuild"
# What npm puts above the --omit=dev of its command line.
_DEVELOPMENT = re.compile(r"^\s*(?:include(?:\[\])?|also|production|dev)\s*(?:=|$)", re.MULTILINE)
# What a tool packs into an archive of its own; its digest of that may stand in the lock.
_NOT_PACKED = (*GENERATED_FILES, "**/node_modules")


def node_recipe(project: NodeProject) -> NodePackages:
    """The recipe of a step without faults."""
    step, target = project.step, project.context.target
    cross = on_target(project) is None
    git = (git_package(target.base),) if project.installed.git else ()
    importer = project.importer
    return NodePackages(
        lock=posixpath.join(project.workdir, posixpath.basename(step.lock)),
        installer="yarn-classic" if project.classic else project.tool,
        tools=tuple(_tools(project)),
        build_packages=target.packages((*step.build_packages, *git)),
        copies=tuple(_copies(project)),
        # The npm of the base reads the project's own file.
        reads=() if project.tool == "npm" else user_npmrc(project.path(".npmrc"), step, project.context),
        secrets=step.secrets,
        platform=platform(target),
        cross=cross,
        # Whatever a script made on another platform would be for that one.
        scripts=step.scripts and not cross,
        registry=step.registry,
        overruled_manifests=tuple(_overruled(project)),
        hooks=project.hooks,
        hashed_patches=project.hashed_patches,
        workspace=bool(project.members),
        member=None if importer == "." else WorkspaceMember(path=importer, name=project.members[importer]),
        needed_members=tuple(path for path in project.needs if path in project.members),
        importers=_importers(project),
        local_links=bool(project.lock.links) if project.lock.links or project.lock.copies else None,
        places=tuple(_places(project)),
        needed_itself=project.is_needed_itself,
        patches=project.scripts(".").patches,
        slim=step.slim,
    )


def development_recipe(project: NodeProject, *, bundles: bool) -> NodeDevelopmentPackages:
    """The recipe of all packages of a lock, and of esbuild where it bundles."""
    step, target = project.step, project.context.target
    git = (git_package(target.base),) if project.installed.git else ()
    # npm reads the project's own file, but for a program such as esbuild.
    reads = user_npmrc(project.path(".npmrc"), step, project.context) if bundles or project.tool != "npm" else ()
    return NodeDevelopmentPackages(
        lock=posixpath.join(project.workdir, posixpath.basename(step.lock)),
        installer="yarn-classic" if project.classic else project.tool,
        tools=(*_tools(project), *((_bundler(project),) if bundles else ())),
        build_packages=target.packages((*step.build_packages, *git)),
        copies=tuple(_copies(project)),
        reads=reads,
        secrets=step.secrets,
        scripts=step.scripts,
        registry=step.registry,
        overruled_manifests=tuple(_overruled(project)),
        hooks=project.hooks,
        hashed_patches=project.hashed_patches,
        local_links=bool(project.lock.links) if project.lock.links or project.lock.copies else None,
        patches=project.scripts(".").patches,
    )


def _bundler(project: NodeProject) -> Tool:
    """esbuild in the version of the project, where it depends on it; else in that of the tool."""
    own = project.lock.versions.get(_ESBUILD)
    named = any(_ESBUILD in (*project.manifest(path).production, *project.manifest(path).others) for path in (".", project.importer))
    return Tool(name=_ESBUILD, version=own) if own and named else project.context.target.tools.tool(_ESBUILD)


def _tools(project: NodeProject) -> Iterator[Tool]:
    tools = project.context.target.tools
    if project.tool == "pnpm":
        yield tools.tool("pnpm")
    elif project.tool == "yarn":
        yield tools.tool("yarn-classic" if project.classic else "yarn")
    if project.scripts(".").patches is not None:
        yield Tool(name="patch-package", version=project.lock.versions["patch-package"])


def _overruled(project: NodeProject) -> Iterator[str]:
    for path in project.manifests():
        manifest = project.manifest(path)
        if manifest.lifecycle(project.tool) or manifest.asks_for_tool:
            yield posixpath.normpath(posixpath.join(path, "package.json"))
    if project.tool == "npm" and _DEVELOPMENT.search(project.settings(".npmrc")):
        yield ".npmrc"


def _importers(project: NodeProject) -> tuple[str, ...] | None:
    """What stays of pnpm's lock, whose flat ``node_modules`` would hold the packages of all importers."""
    known = project.lock.importers
    kept = tuple(path for path in project.manifests() if path in known)
    return kept if project.tool == "pnpm" and len(kept) < len(known) else None


def _places(project: NodeProject) -> Iterator[tuple[str, str]]:
    if project.has_local_packages:
        for source in dict.fromkeys((".", project.importer, *project.needs)):
            yield from ((source, place) for place in project.places(source))


def _copies(project: NodeProject) -> Iterator[Input]:
    """What the installer reads, each at its place as seen from the lock."""
    named = [
        item for item in project.local() if item.path not in {project.path(path) for path in project.needs} or item.kind is LocalKind.FILE
    ]
    files = {project.step.lock, *(project.path(name) for name in ("package.json", *settings_beside(project.step.lock)))}
    files |= {item.path for item in named if item.kind.on_disk == "file"}
    for path in sorted(files):
        if project.context.project.kind(path) == "file":
            yield Input(source=path, target=f"{project.stage_path(posixpath.dirname(path))}/", directory=False)
    for item in sorted({item.path for item in named if item.kind.on_disk == "directory"}):
        yield Input(source=item, target=f"{project.stage_path(item)}/", directory=True, exclude=_NOT_PACKED)
