"""Python packages from the lock files of pip, uv, poetry and pipenv, and from pylock.toml.

Every tool's lock becomes a requirements file with hashes, and one installer
installs it, whichever tool a team locks with.  uv is the default: it is the
faster one, its version is pinned here where pip's is that of the base image,
and it installs for another architecture than its own with the right markers.

What a lock names beside registries is installed by commands of its own:
first-party packages in stages of their own, archives of the project and
packages of Git repositories, which have no hash, by uv without their dependencies,
which the lock names too.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from optimizer.errors import Fault
from optimizer.locks import uv
from optimizer.locks.backends import requirement_name
from optimizer.locks.files import ProjectFiles
from optimizer.locks.local import Local, LocalKind
from optimizer.locks.managers import UNREAD_LOCKS, lock_names, manager_of
from optimizer.locks.pins import NotPinned
from optimizer.locks.python import WHEEL, From, Package, Registry, of_origin, registries
from optimizer.locks.requirements import local_of
from optimizer.locks.wheels import download_bytes, uv_platform, without_wheel
from optimizer.model.inputs import Input
from optimizer.model.plan import OnTarget, Stage
from optimizer.model.python_names import normal_name
from optimizer.model.recipes.python import PythonPackages
from optimizer.model.reference import ImageReference
from optimizer.model.steps import PythonDependencies
from optimizer.model.text import few
from optimizer.toolchains.content import CODE_CACHES
from optimizer.toolchains.python_indexes import build_indexes, package_indexes, tool_indexes
from optimizer.toolchains.python_parts import ECOSYSTEM, part_stages
from optimizer.toolchains.python_reading import (
    Reading,
    dependencies_of,
    group_warnings,
    index_warnings,
    kind_of,
    lock_faults,
    locked_by,
    project_at,
    read_step,
)
from optimizer.toolchains.python_sources import SOURCE, source_stage, source_warnings
from optimizer.toolchains.system import git_package
from optimizer.toolchains.toolchain import Rank, StepContext, Target, below, beside, missing_file

_EXPORTERS = {"poetry.lock": ("poetry", "poetry-plugin-export"), "Pipfile.lock": ("pipenv",)}


class PythonToolchain:
    """Packages installed into a directory, in a stage on the runtime's own base, so that its Python compiles them."""

    families: tuple[str, ...] = ("python",)
    rank: int = Rank.PYTHON_DEPENDENCIES
    sees_trees: bool = False

    def images(self, step: PythonDependencies, target: Target) -> tuple[ImageReference, ...]:
        return ()

    def check(self, step: PythonDependencies, context: StepContext) -> Iterable[Fault]:
        name, kind = posixpath.basename(step.lock), kind_of(step.lock)
        if not kind:
            yield Fault(
                f'"{step.lock}" is not a supported lock file; '
                f"allowed: a requirements file (*.txt), {', '.join(lock_names('python'))}, pylock.toml, pylock.NAME.toml",
                "lock",
                f"create one with {UNREAD_LOCKS['python'][name]}, and set lock to it"
                if name in UNREAD_LOCKS["python"]
                else "set lock to the lock file, not to pyproject.toml or Pipfile",
            )
            return
        faults = list(_file_faults(step, context, name))
        if step.package is not None and kind != uv.NAME:
            faults.append(Fault(f"{name} has no workspace members", "package", "remove package, or lock with uv"))
        if step.groups and kind in ("requirements", "Pipfile.lock"):
            faults.append(Fault(f"{name} has no dependency groups", "groups", "remove groups, or lock with uv or poetry"))
        yield from faults or lock_faults(step, context)

    def local(self, step: PythonDependencies, context: StepContext) -> Iterable[Local]:
        reading = read_step(step, context)
        if reading.requirements is not None:
            return tuple(local_of(reading.requirements))
        return tuple(item for package in reading.packages for item in package.local())

    def warnings(self, step: PythonDependencies, context: StepContext) -> Iterable[str]:
        reading = read_step(step, context)
        yield from group_warnings(step, context)
        yield from index_warnings(step, reading)
        _, whole = _divided(step, context, reading)
        if whole:
            yield f"{step.lock} stays one layer, although the packing of optimizer.lock divides such locks: {whole}"
        for source in reading.sources:
            yield from source_warnings(source, context)
        for package in reading.repositories:
            yield (
                f'{package.place} takes "{package.name or package.location}" from Git, and builds it with whatever build backend is '
                "the newest: the layer may differ when a new release of that appears"
            )

    def installers(self, step: PythonDependencies, context: StepContext) -> Sequence[str]:
        return (step.installer, "pip")

    def stages(self, step: PythonDependencies, context: StepContext) -> Sequence[Stage]:
        reading = read_step(step, context)
        asked = registries(reading.packages)
        parts, _ = _divided(step, context, reading)
        return [
            *(parts or (_third_party(step, context, reading, asked),)),
            *(source_stage(source, step, context, asked) for source in reading.sources),
        ]


def _divided(step: PythonDependencies, context: StepContext, reading: Reading) -> tuple[tuple[Stage, ...], str]:
    """The stages of the lock's parts, none where it stays whole, and why it does although the packing divides such locks."""
    if not context.packing.of(ECOSYSTEM):
        return (), ""
    try:
        return part_stages(step, context, reading), ""
    except NotPinned as error:
        return (), str(error)


def _file_faults(step: PythonDependencies, context: StepContext, name: str) -> Iterator[Fault]:
    manager = manager_of(name)
    hint = f"create it with {manager.create}" if manager else "create it, or fix the path"
    yield from missing_file(context, step.lock, "lock", "the lock file", hint)
    if manager is not None:
        manifest = beside(step.lock, manager.manifest)
        yield from missing_file(context, manifest, "lock", f"{name} needs its project file, and", "put it beside the lock file")


def _third_party(step: PythonDependencies, context: StepContext, reading: Reading, asked: tuple[Registry, ...]) -> Stage:
    """The stage of everything that is not first-party code."""
    mounts = _Mounts(step, context, reading)
    exported = reading.lock is not None and reading.kind != "pylock.toml"
    separate = _separate(reading, mounts)
    with_uv = step.installer == "uv" or exported or any(separate)
    packages = (*step.build_packages, *((git_package(context.target.base),) if reading.repositories else ()))
    return Stage(
        name=context.name,
        step=context.name,
        title=f"Python packages of {step.lock}" + (f" for {step.package}" if step.package else ""),
        stability=context.stability,
        origin=context.target.image,
        locked_by=locked_by(step),
        on_target=_on_target(step, context, reading),
        download_bytes=_download_bytes(reading, context.target),
        recipe=PythonPackages(
            root=SOURCE,
            lock=mounts.lock,
            lock_kind=reading.kind,
            installer=step.installer,
            platform=uv_platform(context.target.base, context.target.architecture),
            indexes=package_indexes(step, asked),
            build_indexes=build_indexes(step, asked),
            tool_indexes=tool_indexes(step),
            hashed=reading.hashed,
            wheels_only=step.wheels_only,
            # A package of a registry may need one that comes by another command; a lock that is exported names everything.
            without_dependencies=exported and any(package.origin is not From.REGISTRY for package in reading.packages),
            local_files=mounts.own_files,
            member=step.package,
            groups=reading.groups,
            extras=reading.extras,
            separate=tuple(package.name for package in reading.packages if package.origin in (From.GIT, From.ARCHIVE)),
            wheels=separate.wheels,
            archives=separate.archives,
            sources=separate.sources,
            find_links=mounts.archive_directories,
            additional=_additional(reading, context),
            dropped_lines=_dropped_lines(reading),
            bytecode=context.target.compiles_python,
            slim=step.slim,
            tools=tuple(map(context.target.tools.tool, (*(("uv",) if with_uv else ()), *_EXPORTERS.get(reading.kind, ())))),
            build_packages=context.target.packages(packages),
            reads=mounts.read,
            copies=mounts.copied,
            secrets=step.secrets,
        ),
    )


def _download_bytes(reading: Reading, target: Target) -> int | None:
    """What an installer fetches, in bytes; None where the lock does not tell: requirements have no sizes."""
    if reading.requirements is not None:
        return None
    return download_bytes([package for package in reading.packages if package.origin is From.REGISTRY], target.base, target.architecture)


def _additional(reading: Reading, context: StepContext) -> tuple[str, ...]:
    """What first-party packages ask for, where the lock does not name everything."""
    if reading.hashed:
        return ()
    own = {source.name for source in reading.sources}
    found = (text for source in reading.sources for text in dependencies_of(source, project_at(source.location, context)))
    return tuple(dict.fromkeys(text for text in found if requirement_name(text) not in own))


def _dropped_lines(reading: Reading) -> tuple[str, ...] | None:
    """The kinds of lines of the requirements that are installed in another way; None where no line has to change."""
    if reading.requirements is not None:
        if not (reading.requirements.names_files or reading.requirements.only_pip):
            return None
        # Lines of repositories have no hash, so they cannot stand beside lines that have one.
        return ("directory", *(("vcs",) if reading.hashed else ()))
    if reading.kind in (uv.NAME, "pylock.toml") or all(package.origin in (From.REGISTRY, From.VIRTUAL) for package in reading.packages):
        return None
    return ("archive", "directory", "vcs", *(("url",) if reading.kind == "Pipfile.lock" else ()))


class _Separate(NamedTuple):
    """What has no hash, or is a file of the project: requirements of wheels, paths of archives, requirements that are built."""

    wheels: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def _separate(reading: Reading, mounts: _Mounts) -> _Separate:
    if reading.kind == "pylock.toml" or not reading.hashed:
        return _Separate()
    archives = of_origin(reading.packages, From.ARCHIVE) if reading.requirements is None else ()
    wheels = [package for package in archives if any(path.endswith(WHEEL) for path in package.archives)]
    sources = [package.requirement for package in reading.repositories]
    if reading.kind == "Pipfile.lock":
        sources += [package.requirement for package in of_origin(reading.packages, From.URL)]
    return _Separate(
        wheels=tuple(f"{package.name}=={_version(package)}" for package in wheels),
        archives=tuple(mounts.at(package.archives[0]) for package in archives if package not in wheels),
        sources=tuple(sources),
    )


def _version(package: Package) -> str:
    """The version of a package of archives, which is in the names of its wheels."""
    names = [posixpath.basename(path) for path in package.archives if path.endswith(WHEEL)]
    return package.version or names[0].split("-")[1]


def _on_target(step: PythonDependencies, context: StepContext, reading: Reading) -> OnTarget | None:
    if step.installer == "pip":
        return OnTarget("pip installs for the platform that it runs on")
    if step.build_packages:
        return OnTarget("its build packages compile for the platform that they run on")
    repositories = [package.name or package.location for package in reading.repositories]
    if repositories:
        return OnTarget(f"built from a Git repository: {few(repositories)}")
    missing = without_wheel(reading.packages, context.target.base, context.target.architecture)
    return OnTarget(f"no wheel for {context.target.architecture}: {few(missing)}") if missing else None


class _Mounts:
    """Which files of the project a stage sees, and where.

    They stand as they do to one another, wherever in the project they are:
    equal files in two functions are one build.
    """

    def __init__(self, step: PythonDependencies, context: StepContext, reading: Reading) -> None:
        self._lock = step.lock
        files = _files(step, context.project, reading)
        links = reading.requirements.find_links if reading.requirements is not None else ()
        files += [item.path for item in links if item.kind is LocalKind.ARCHIVE]
        files += reading.archives
        folders = [item.path for item in links if item.kind is LocalKind.DIRECTORY]
        sources = [package.location for package in of_origin(reading.packages, From.DIRECTORY)] if reading.kind == "pylock.toml" else []
        relative = reading.requirements is not None and reading.requirements.names_files
        above = [posixpath.dirname(path) for path in files] + [posixpath.dirname(path) for path in (*folders, *sources)]
        # Paths in requirements may be as seen from the project's root, which then is where the stage has it too.
        self._top = "." if relative else posixpath.commonpath(above) or "."
        self.directories = tuple(sorted(set(folders)))
        self.read = tuple(
            sorted(
                [
                    *(Input(source=path, target=self.at(path), directory=False) for path in set(files)),
                    *(Input(source=path, target=self.at(path), directory=True) for path in self.directories),
                ],
                key=lambda item: item.source,
            )
        )
        self.own_files = bool(links or reading.archives or sources)
        # Backends write beside the code that they build.
        self.copied = tuple(Input(source=path, target=self.at(path), directory=True, exclude=CODE_CACHES) for path in sorted(set(sources)))
        archives = sorted({posixpath.dirname(path) for path in reading.archives if path.endswith(WHEEL)})
        self.archive_directories = tuple(self.at(path) for path in (*archives, *self.directories))

    @property
    def lock(self) -> str:
        """Where the lock is in the stage."""
        return self.at(self._lock)

    def at(self, path: str) -> str:
        """Where a file or directory of the project is in the stage."""
        return posixpath.normpath(posixpath.join(SOURCE, posixpath.relpath(path or ".", self._top)))


def _files(step: PythonDependencies, project: ProjectFiles, reading: Reading) -> list[str]:
    """The lock and the files that its tool reads beside it."""
    if reading.requirements is not None:
        return list(reading.requirements.files)
    files = [step.lock]
    manager = manager_of(reading.kind)
    if manager is not None:
        files.append(beside(step.lock, manager.manifest))
    if step.package is not None and reading.lock is not None:
        # uv reads the root of a workspace and the member; other members need not be there.
        directory = reading.lock.members[normal_name(step.package)]
        files.append(below(posixpath.dirname(step.lock), posixpath.join(directory, "pyproject.toml")))
    return files
