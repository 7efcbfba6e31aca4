"""The lock of a step as planning sees it: its packages, with paths relative to the project, and its faults."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from optimizer.errors import Fault, did_you_mean
from optimizer.locks import pipenv, poetry, uv, uv_settings
from optimizer.locks.backends import Project, read_project, requirement_name
from optimizer.locks.managers import lock_names, manager_of
from optimizer.locks.pipenv import read_pipfile_lock
from optimizer.locks.poetry import read_poetry_lock
from optimizer.locks.pylock import NAME as PYLOCK
from optimizer.locks.pylock import read_pylock
from optimizer.locks.python import (
    PYPI,
    From,
    LockFault,
    Package,
    PythonLock,
    Wanted,
    environment_of,
    of_origin,
    registries,
)
from optimizer.locks.requirements import Requirements, read_requirements
from optimizer.locks.uv import read_uv_lock
from optimizer.locks.wheels import without_wheel
from optimizer.model.plan import LockedBy
from optimizer.model.python_names import normal_name
from optimizer.model.secrecy import URL_WITH_PASSWORD
from optimizer.model.steps import PythonDependencies
from optimizer.model.text import few
from optimizer.toolchains.python_indexes import package_indexes
from optimizer.toolchains.toolchain import StepContext, below, beside, missing_file
from optimizer.toolchains.variables import variables_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A step's lock, read; ``packages`` are those that the step installs, with paths relative to the project.

    Exactly one of ``lock`` and ``requirements`` is there.  ``groups`` and
    ``extras`` are the words of the step that are such.  ``wanted`` is what the
    packages were chosen by.
    """

    kind: str
    packages: tuple[Package, ...]
    wanted: Wanted
    lock: PythonLock | None = None
    requirements: Requirements | None = None
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()

    @property
    def hashed(self) -> bool:
        """Whether the lock has a hash of every archive."""
        return self.requirements is None or self.requirements.hashed

    @property
    def sources(self) -> tuple[Package, ...]:
        """The first-party packages that become layers of their own; an installer of pylock.toml takes no part of it alone."""
        return () if self.kind == "pylock.toml" else of_origin(self.packages, From.DIRECTORY)

    @property
    def repositories(self) -> tuple[Package, ...]:
        """The packages of Git repositories."""
        return of_origin(self.packages, From.GIT)

    @property
    def archives(self) -> tuple[str, ...]:
        """The archives of the project that packages come from, sorted."""
        return tuple(sorted({path for package in self.packages for path in package.archives}))


def kind_of(path: str) -> str:
    """The kind of a lock: the name of its file, ``pylock.toml``, ``requirements``, or empty for none."""
    name = posixpath.basename(path)
    if PYLOCK.fullmatch(name):
        return "pylock.toml"
    return name if name in lock_names("python") else "requirements" if name.endswith(".txt") else ""


def locked_by(step: PythonDependencies) -> LockedBy:
    """The lock of a step, and what the step takes of it."""
    return LockedBy(ecosystem="python", path=posixpath.normpath(step.lock), groups=step.groups, package=step.package)


def read_step(step: PythonDependencies, context: StepContext) -> Reading:
    """The lock of a step whose files are there; raises LockFault."""
    kind = kind_of(step.lock)
    environment = environment_of(context.target.base, context.target.architecture)
    if kind == "requirements":
        requirements = read_requirements(step.lock, context.project.read_text, lambda path: kind_at(path, context))
        packages = tuple(_named(package, context) for package in requirements.packages)
        return Reading(kind=kind, packages=packages, wanted=Wanted(environment=environment), requirements=requirements)
    lock = read_lock(step, context)
    words = lock.words(step.package)
    top = posixpath.dirname(step.lock)
    directory = lock.members.get(normal_name(step.package), ".") if step.package else "."
    defaults = project_at(below(top, directory), context).default_groups if kind == uv.NAME else ()
    wanted = Wanted(words=_words(step), defaults=defaults, package=step.package, environment=environment)
    found = lock.select(wanted)
    if kind == uv.NAME:
        found = _with_pages(found, lock, top, context)
    groups = {normal_name(name): name for name in words.groups}
    chosen = [groups[word] for word in wanted.words if word in groups]
    extras = {normal_name(name): name for name in words.extras}
    return Reading(
        kind=kind,
        packages=tuple(_moved(package, top) for package in found),
        wanted=wanted,
        lock=lock,
        groups=tuple(dict.fromkeys((*words.always, *chosen))) if chosen else (),
        extras=tuple(extras[word] for word in wanted.words if word in extras),
    )


def _words(step: PythonDependencies) -> tuple[str, ...]:
    """The groups and extras of a step in normal form, each once: tools write them so into a lock, whatever the project has."""
    return tuple(dict.fromkeys(map(normal_name, step.groups)))


def _with_pages(packages: Sequence[Package], lock: PythonLock, top: str, context: StepContext) -> tuple[Package, ...]:
    """The packages of a uv.lock, with what only the settings say: which registry is a page of links."""
    projects = [below(top, posixpath.join(directory, "pyproject.toml")) for directory in (".", *lock.members.values())]
    pages = set(uv_settings.pages_of(_text(below(top, uv_settings.NAME), context), project=False))
    pages.update(*(uv_settings.pages_of(_text(path, context), project=True) for path in projects))
    return tuple(replace(package, on_page=package.origin is From.REGISTRY and package.location in pages) for package in packages)


def _text(path: str, context: StepContext) -> str:
    return context.project.read_text(path) if kind_at(path, context) == "file" else ""


def read_lock(step: PythonDependencies, context: StepContext) -> PythonLock:
    """The lock of a step whose lock is no requirements file; raises LockFault."""
    text = context.project.read_text(step.lock)
    match kind_of(step.lock):
        case uv.NAME:
            return read_uv_lock(text)
        case poetry.NAME:
            return read_poetry_lock(text, context.project.read_text(beside(step.lock, "pyproject.toml")))
        case pipenv.NAME:
            return read_pipfile_lock(text)
        case _:
            return read_pylock(text, posixpath.basename(step.lock))


def kind_at(path: str, context: StepContext) -> str | None:
    """What is at a path that a lock names; None for one that leaves the project, too."""
    return None if path == ".." or path.startswith(("../", "/")) else context.project.kind(path)


def project_at(directory: str, context: StepContext) -> Project:
    """What the pyproject.toml of a directory says; raises LockFault."""
    text = _text(below(directory, "pyproject.toml"), context)
    return read_project(text, kind_at(below(directory, "setup.py"), context) == "file")


def _moved(package: Package, top: str) -> Package:
    location = below(top, package.location) if package.origin in (From.DIRECTORY, From.VIRTUAL) else package.location
    return replace(package, location=location, archives=tuple(below(top, path) for path in package.archives))


def _named(package: Package, context: StepContext) -> Package:
    """A directory that a line of requirements names by its path alone has its name in its own pyproject.toml."""
    if package.origin is not From.DIRECTORY or package.name:
        return package
    try:
        return replace(package, name=project_at(package.location, context).name)
    except LockFault:
        return package


def lock_faults(step: PythonDependencies, context: StepContext) -> Iterator[Fault]:
    """What is wrong with a lock whose files are there."""
    known = manager_of(kind_of(step.lock))
    name = known.manifest if known else ""
    try:
        if name.endswith(".toml"):
            project_at(posixpath.dirname(step.lock), context)
    except LockFault as error:
        yield Fault(f'"{beside(step.lock, name)}" cannot be read: {error}', "lock", "restore the file")
        return
    try:
        if kind_of(step.lock) != "requirements":
            found = list(_choice_faults(step, read_lock(step, context), context))
            if found:
                yield from found
                return
        reading = read_step(step, context)
    except LockFault as error:
        yield Fault(f'"{step.lock}" cannot be read: {error}', "lock", "restore the file, or lock again")
        return
    if reading.requirements is not None:
        yield from _requirements_faults(step, reading.requirements)
    else:
        yield from _address_faults(step, reading)
    yield from _installer_faults(step, reading)
    yield from _package_faults(reading, context)
    yield from _wheel_faults(step, reading, context)
    for source in reading.sources:
        if kind_at(source.location, context) == "directory":
            yield from _source_faults(source, reading, context)


def _choice_faults(step: PythonDependencies, lock: PythonLock, context: StepContext) -> Iterator[Fault]:
    """Faults of what the step takes of its lock: a member of a workspace, groups and extras, a Python version."""
    name = posixpath.basename(step.lock)
    version = context.target.base.runtime.removeprefix("python")
    if not lock.fits_python(version):
        yield Fault(f'{name} is for Python "{lock.python}", but the runtime has {version}', "lock", "choose another runtime, or lock again")
    environment = dict(environment_of(context.target.base, context.target.architecture))
    if not lock.fits(environment):
        allowed_for = ", ".join(f'"{marker}"' for marker in lock.environments or ()) or "none"
        yield Fault(
            f"{name} is for no environment like that of the image, Python {version} on Linux, {environment['platform_machine']}; "
            f"allowed by the lock: {allowed_for}",
            "lock",
            "add the image's to the environments of the lock and lock again"
            if lock.environments
            else "remove environments from it; pipenv writes it empty: its Pipfile.lock can be installed as it is",
        )
    if step.package is not None and normal_name(step.package) not in lock.members:
        allowed = ", ".join(lock.members) or "none, this lock has no workspace"
        hint = did_you_mean(step.package, lock.members) or "name a member of the workspace, or remove package"
        yield Fault(f'{name} has no member "{step.package}"; allowed: {allowed}', "package", hint)
        return
    if step.package is not None:
        path = below(posixpath.dirname(step.lock), posixpath.join(lock.members[normal_name(step.package)], "pyproject.toml"))
        yield from missing_file(context, path, "package", f'"{step.package}" needs its project file, and', "restore it, or lock again")
    if step.package is None and len(lock.members) > 1 and not _root_has_packages(step, lock):
        members = ", ".join(member for member, directory in lock.members.items() if directory != ".")
        yield Fault(
            f"{name} is the lock of a workspace whose root has no dependencies; members: {members}",
            "package",
            "set package to the member whose dependencies the function needs",
        )
    words = lock.words(step.package)
    allowed_words = sorted(words.groups | words.extras)
    known = {normal_name(word) for word in allowed_words}
    for word in step.groups:
        if normal_name(word) not in known:
            yield Fault(
                f'{name} has no group or extra "{word}"; allowed: {", ".join(allowed_words) or "none, it has neither"}',
                "groups",
                did_you_mean(word, allowed_words) or "leave it out, or add it to the project and lock again",
            )
    for conflict in words.conflicts:
        taken = [word for word in step.groups if normal_name(word) in conflict]
        if len(taken) > 1:
            yield Fault(
                f"{name} allows only one of {', '.join(taken)} at a time",
                "groups",
                "choose one of them, or take them out of conflicts in the settings of uv and lock again",
            )


def group_warnings(step: PythonDependencies, context: StepContext) -> Iterator[str]:
    """What poetry would install without being asked, and the step does not."""
    if kind_of(step.lock) != poetry.NAME:
        return
    taken = {normal_name(word) for word in step.groups}
    left = [group for group in sorted(read_lock(step, context).words(None).defaults) if normal_name(group) not in taken]
    if left:
        names = ", ".join(f'"{group}"' for group in left)
        yield (
            f"{step.lock} has the groups {names}, which poetry installs without being asked and this step leaves out: "
            "name them in groups, or make them optional in pyproject.toml"
        )


def index_warnings(step: PythonDependencies, reading: Reading) -> Iterator[str]:
    """An index of the step that no package comes from, because the lock names the addresses itself."""
    asked = registries(reading.packages)
    urls = {item.url for item in asked}
    if step.index_url is None or not asked:
        return
    if reading.kind == "pylock.toml":
        places = "the URL of each file"
    elif urls & {PYPI, step.index_url, step.index_url.rstrip("/"), f"{step.index_url}/"}:
        return
    else:
        places = ", ".join(f'"{item.url}"' for item in asked)
    yield (
        f'{step.lock} names where every package comes from ({places}), so index_url "{step.index_url}" changes only where '
        "the tools come from that install them: to have the packages from there, lock again with that index; else leave index_url out"
    )


def _root_has_packages(step: PythonDependencies, lock: PythonLock) -> bool:
    root = next((name for name, directory in lock.members.items() if directory == "."), None)
    return root is not None and bool(lock.select(Wanted(words=_words(step), package=root)))


def _requirements_faults(step: PythonDependencies, requirements: Requirements) -> Iterator[Fault]:
    for variable, place in requirements.variables:
        yield from _variable_faults(step, variable, place)
    for place in requirements.passwords:
        yield _password_fault(place)
    for target, place in requirements.other_vcs:
        yield Fault(f'{place} names "{target}"; allowed: Git repositories', "lock", "publish it as a package, or move it to Git")


def _address_faults(step: PythonDependencies, reading: Reading) -> Iterator[Fault]:
    """Faults of the URLs that the commands of a step take from its lock; other tools than pipenv write no credentials into theirs."""
    fetched = [package.requirement for package in of_origin(reading.packages, From.GIT, From.URL)]
    words = [*package_indexes(step, registries(reading.packages)).urls, *fetched]
    if reading.kind == pipenv.NAME:
        for variable in variables_of(words):
            yield from _variable_faults(step, variable, step.lock)
    if any("$" not in match[0] for word in words for match in URL_WITH_PASSWORD.finditer(word)):
        yield _password_fault(step.lock)


def _variable_faults(step: PythonDependencies, variable: str, place: str) -> Iterator[Fault]:
    if variable not in {secret.to_env for secret in step.secrets}:
        yield Fault(
            f'{place} takes "{variable}" from the environment, but the build does not set it',
            "lock",
            f'write the value, or pass it as a build secret: BuildSecret("{variable.lower()}", from_env="{variable}", to_env="{variable}")',
        )


def _password_fault(place: str) -> Fault:
    return Fault(
        f"{place} holds a password in a URL",
        "lock",
        'write the URL without it, and pass it in a netrc file: BuildSecret("netrc", from_file=".netrc", to_file="/root/.netrc")',
    )


def _installer_faults(step: PythonDependencies, reading: Reading) -> Iterator[Fault]:
    if step.installer != "pip":
        return
    if reading.kind == "pylock.toml":
        yield Fault(
            'installer "pip" does not read pylock.toml: the pip of the base images takes it for a requirements file',
            "installer",
            'remove installer="pip", so that uv installs it',
        )


def _wheel_faults(step: PythonDependencies, reading: Reading, context: StepContext) -> Iterator[Fault]:
    """A fault for packages of registries without a wheel for the image, where nothing is there or allowed to build them from."""
    target = context.target
    stuck = [
        package for package in of_origin(reading.packages, From.REGISTRY) if package.files and (step.wheels_only or not package.buildable)
    ]
    names = without_wheel(stuck, target.base, target.architecture)
    if not names:
        return
    version = target.base.runtime.removeprefix("python")
    source = "wheels_only forbids to build them" if step.wheels_only else "the lock has no source archive of them"
    lock_for = (
        f"pip lock writes the files of its own Python and machine alone: run it by Python {version} on Linux, or "
        if reading.kind == "pylock.toml"
        else ""
    )
    yield Fault(
        f"{step.lock} has no wheel for Python {version} on {target.architecture} of {few(names)}, and {source}",
        "lock",
        f"{lock_for}lock versions that have wheels for the image, or choose another runtime or architecture",
    )


def _package_faults(reading: Reading, context: StepContext) -> Iterator[Fault]:
    target = context.target
    direct = [package for package in of_origin(reading.packages, From.URL, From.ARCHIVE) if package.only_wheels]
    for package in direct:
        if without_wheel([package], target.base, target.architecture):
            version = target.base.runtime.removeprefix("python")
            yield Fault(
                f'{package.place} names "{(package.files or ("",))[0]}", a wheel that Python {version} on {target.architecture} cannot load',
                "lock",
                "name the wheel for the runtime and the architecture of the image",
            )
    for package in reading.packages:
        if not package.pinned:
            yield Fault(
                f'{package.place} takes "{package.name or package.location}" from Git at "{package.commit or "its newest commit"}", '
                "which can move; allowed: a full commit hash of 40 digits",
                "lock",
                f"write the commit: git+{package.location}@COMMIT",
            )
        if package.origin is From.GIT and package.location.startswith(("file:", "/", ".")):
            yield Fault(
                f'{package.place} takes "{package.name}" from a Git repository on this machine: "{package.location}"',
                "lock",
                "use the URL of a server, or the path of a package in the project",
            )
        if package.lfs:
            yield Fault(
                f'{package.place} takes "{package.name or package.location}" from Git with the files that Git LFS keeps (lfs = true), '
                "which this step does not fetch",
                "lock",
                "lock without lfs where the package needs none of these files; else build its wheel, and put that into the project or an index",
            )
        if not package.hashed:
            yield Fault(
                f'{package.place} has no hash for "{package.name} {package.version}" of {package.location}',
                "lock",
                "lock it from an index that gives hashes, or put its wheel into the project",
            )


def _source_faults(source: Package, reading: Reading, context: StepContext) -> Iterator[Fault]:
    """Faults of a first-party package whose directory is there."""
    what = f'"{source.name or source.location}", which {source.place} names,'
    try:
        project = project_at(source.location, context)
    except LockFault as error:
        yield Fault(f'"{source.location}/pyproject.toml" cannot be read: {error}', "lock", "restore the file")
        return
    if not source.name:
        yield Fault(
            f'the package at "{source.location}", which {source.place} names, has no name in its manifest',
            "lock",
            f'add name to [project] in "{source.location}/pyproject.toml", or write NAME @ file:{source.location}',
        )
    if project.version_from_git:
        yield Fault(
            f"{what} takes its version from Git by {project.version_from_git}, but the build has no Git history",
            "lock",
            f'write the version into "{source.location}/pyproject.toml"',
        )
    if reading.hashed:
        return
    others = {other.name for other in reading.sources}
    if project.dependencies is None:
        yield Fault(
            f"{what} does not declare its dependencies statically",
            "lock",
            f'write them into [project] of "{source.location}/pyproject.toml", or lock with uv',
        )
    for name in sorted({requirement_name(text) for text in dependencies_of(source, project)} & project.elsewhere - others):
        yield Fault(
            f'{what} depends on "{name}" at a path, but would get the package of that name from the index',
            "lock",
            f'add the path of "{name}" to {reading.kind}, or lock with uv',
        )


def dependencies_of(source: Package, project: Project) -> tuple[str, ...]:
    """What a first-party package asks for, with the extras that its line names."""
    return (*(project.dependencies or ()), *(item for extra in source.extras for item in project.extras.get(normal_name(extra), ())))
