"""The package that a step builds, and what of the project its build reads."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from optimizer.locks.files import is_file, joined, upwards
from optimizer.locks.managers import lock_names
from optimizer.locks.nodejs import reached
from optimizer.locks.nodejs_manifest import Manifest
from optimizer.locks.tsconfig import config_files
from optimizer.model.inputs import Input
from optimizer.model.steps import NodeBuild, NodeDependencies
from optimizer.toolchains.nodejs_project import NodeProject, read_project
from optimizer.toolchains.sources import NOT_SOURCES, OWN_FILES
from optimizer.toolchains.toolchain import StepContext

MANIFEST = "package.json"

# The compiler takes what such a file names for made already.
_NOT_SOURCES = (*NOT_SOURCES, "**/*.tsbuildinfo")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePackage:
    """The package of a step, in the project of its lock."""

    step: NodeBuild
    project: NodeProject

    @property
    def manifest(self) -> Manifest:
        """The nearest manifest: that of the source, or of the lock."""
        return self.project.manifest(self.project.importer)

    @property
    def member_argument(self) -> str:
        """How a step of dependencies names the package, after its lock; empty for the lock's own."""
        return "" if self.project.importer == "." else f', package="{self.project.members[self.project.importer]}"'

    def needs(self) -> tuple[str, ...]:
        """The directories of local packages that the build can read, relative to the project, sorted.

        A compiler reads settings and types of packages that no lock has for production.
        """
        names = {self.project.name(path): path for path in (*self.project.lock.local, *self.project.members)}

        def following(path: str) -> Iterator[str]:
            manifest = self.project.manifest(path)
            yield from (names[name] for name in (*manifest.production, *manifest.others) if name in names)

        found = reached([self.project.importer], following) | set(self.project.needs)
        return tuple(sorted(self.project.path(path) for path in found - {self.project.importer, "."}))

    def settings(self) -> tuple[str, ...]:
        """The files of compilers' settings for the code, relative to the project, sorted."""
        return config_files(self.project.context.project, (self.step.source, *self.needs()))

    def copies(self) -> tuple[Input, ...]:
        """The sources, each where it stands in the project: files first, then directories."""
        step, files = self.step, self.project.context.project
        others = [path for path in (*self.needs(), *step.inputs) if files.kind(path) == "directory"]
        directories = [step.source, *(path for path in _outermost(others) if not _within(path, step.source))]
        single = {self.project.path(MANIFEST), *self.settings(), *(path for path in step.inputs if files.kind(path) == "file")}
        return (
            *(self._file(path) for path in sorted(single) if not any(_within(path, directory) for directory in directories)),
            *(self._directory(path) for path in sorted(directories)),
        )

    def _file(self, path: str) -> Input:
        return Input(source=path, target=f"{self.project.stage_path(posixpath.dirname(path))}/", directory=False)

    def _directory(self, path: str) -> Input:
        own = (*(() if path != "." else OWN_FILES), *((f"{self.step.output}/", *self.step.exclude) if path == self.step.source else ()))
        return Input(source=path, target=f"{self.project.stage_path(path)}/", directory=True, exclude=(*_NOT_SOURCES, *own))


def lock_of(step: NodeBuild, context: StepContext) -> str | None:
    """The lock file of a step, as given, or the nearest one in its source or above; None without any."""
    if step.lock is not None:
        return step.lock
    places = (joined(directory, name) for directory in upwards(step.source) for name in lock_names("nodejs"))
    return next((path for path in places if is_file(context.project, path)), None)


def read_package(step: NodeBuild, context: StepContext) -> NodePackage:
    """The package of a step whose lock is there, and package.json beside it."""
    lock = lock_of(step, context)
    assert lock is not None
    dependencies = NodeDependencies(
        lock, registry=step.registry, scripts=step.install_scripts, build_packages=step.build_packages, secrets=step.secrets
    )
    project = replace(read_project(dependencies, context), everything=True)
    source = posixpath.relpath(step.source, project.directory)
    project = replace(project, importer=source if source in project.members else ".")
    package = NodePackage(step=step, project=project)
    places = (step.source, *package.needs(), *package.settings(), *step.inputs)
    return replace(package, project=replace(project, beside=tuple(posixpath.relpath(path, project.directory) for path in places)))


def bundle_names(entries: Sequence[str]) -> Mapping[str, str]:
    """What esbuild calls the bundle of each entry, without its ending: the entry's path below the directory of all."""
    if not entries:
        return {}
    above = posixpath.commonpath([posixpath.dirname(entry) for entry in entries])
    return {entry: posixpath.splitext(posixpath.relpath(entry, above or "."))[0] for entry in entries}


def _outermost(directories: Iterable[str]) -> Iterator[str]:
    kept: list[str] = []
    for path in sorted(set(directories)):
        if not any(_within(path, other) for other in kept):
            kept.append(path)
    yield from kept


def _within(path: str, directory: str) -> bool:
    return directory in (".", path) or path.startswith(f"{directory}/")
