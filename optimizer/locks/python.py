"""What every lock file of Python holds: its packages, where each comes from, and for which Python it is."""

from __future__ import annotations

import enum
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from optimizer.bases.catalogue import BaseImage
from optimizer.locks.local import Local, LocalKind
from optimizer.locks.markers import PATCH_VARIABLES, PATCHES
from optimizer.model.architectures import BY_NAME

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from packaging.markers import Marker

PYPI = "https://pypi.org/simple"
"""The index that every tool asks when none is named."""

WHEEL = ".whl"
ARCHIVES = (WHEEL, ".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tar.xz")
"""How the names of files end that are built packages or source distributions."""

_PAGE = (".html", ".htm")

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class LockFault(Exception):
    """A lock file that cannot be read: no text of its format, or not in the form that its tool writes."""


class From(enum.Enum):
    """Where a package comes from."""

    REGISTRY = "registry"
    """An index; the location is its URL."""

    ARCHIVE = "archive"
    """Archives in the project; the locations are their paths."""

    DIRECTORY = "directory"
    """Source code in the project, which its build backend makes a package of; the location is the path."""

    VIRTUAL = "virtual"
    """A directory that only names dependencies; the location is its path."""

    GIT = "git"
    """A commit of a Git repository; the location is its URL, without the commit."""

    URL = "url"
    """An archive at a URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One package of a lock.

    ``name`` is in normal form.  ``location`` depends on ``origin``; paths are
    relative to the directory of the lock.  ``files`` are the file names of its
    wheels, or None where the lock does not name them; ``sizes`` are their
    bytes, in the same order, empty where the lock does not have them all.
    ``hashes`` are those of all its archives, as ``sha256:...``, empty where
    the lock's own reader does not tell them.  ``digest`` is that of a URL's archive, as ``sha256:...``, empty where the export of the lock has
    it anyway.  ``hashed`` is false where an installer that wants hashes finds
    none in the lock.  ``buildable`` is false where the lock names all files of
    the package, and each is a wheel.  ``lfs`` is true where files of the commit are
    to be those that Git LFS keeps, and not what Git has in their places.  ``on_page`` is true where the location is not that of an
    index, but of a page of links.  ``place`` is what names it, as ``file`` or
    ``file:line``.
    """

    name: str
    place: str
    origin: From = From.REGISTRY
    location: str = ""
    version: str = ""
    commit: str = ""
    subdirectory: str = ""
    extras: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    files: tuple[str, ...] | None = None
    sizes: tuple[int, ...] = ()
    hashes: tuple[str, ...] = ()
    digest: str = ""
    hashed: bool = True
    buildable: bool = True
    lfs: bool = False
    on_page: bool = False

    @property
    def pinned(self) -> bool:
        """Whether a package of a repository is pinned by a whole commit."""
        return self.origin is not From.GIT or bool(_COMMIT.fullmatch(self.commit))

    @property
    def only_wheels(self) -> bool:
        """Whether the lock names all files of the package, and there is nothing to build it from."""
        return bool(self.files) and all(name.endswith(WHEEL) for name in self.files or ())

    @property
    def requirement(self) -> str:
        """The package of a repository or a URL as one direct reference (PEP 508)."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        if self.origin is From.URL:
            fragment = f"#{self.digest.replace(':', '=')}" if self.digest else ""
            return f"{self.name}{extras} @ {self.location}{fragment}"
        subdirectory = f"#subdirectory={self.subdirectory}" if self.subdirectory else ""
        named = f"{self.name}{extras} @ " if self.name else ""
        return f"{named}git+{self.location}@{self.commit}{subdirectory}"

    def local(self) -> Iterable[Local]:
        """What of the project the package is; paths are still relative to the lock's directory."""
        if self.origin is From.DIRECTORY:
            yield Local(kind=LocalKind.PACKAGE, path=self.location, place=self.place, name=self.name)
        for path in self.archives:
            yield Local(kind=LocalKind.ARCHIVE, path=path, place=self.place, name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a step takes of a lock: words for groups and extras in normal form, a member of the workspace, and for which machine.

    ``defaults`` are the groups that the project installs unasked, for locks that do not name them.
    """

    words: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    package: str | None = None
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def variables(self) -> dict[str, str]:
        """The variables of markers by name."""
        return dict(self.environment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words that a step may take of a lock.

    ``defaults`` are groups that the lock's own tool installs without being
    asked, but those that by their name are for development.  ``always`` are
    groups that a step takes beside those that it names, in the lock's order, and
    that an installer leaves out once it is told of others.  Of each of the sets
    ``conflicts`` only one word may be taken.
    """

    groups: frozenset[str] = frozenset()
    extras: frozenset[str] = frozenset()
    defaults: frozenset[str] = frozenset()
    always: tuple[str, ...] = ()
    conflicts: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonLock:
    """A lock file as planning sees it.

    ``select`` gives the packages that a step takes, each once, sorted; it
    raises LockFault.  ``words`` gives what a step may take beside the default,
    of a member of the workspace or without one.  ``members`` are the
    directories of the workspace's members by name.  ``python`` is what the
    lock asks of the Python version, in the words of its tool; one of
    ``pythons`` must hold.  One of the markers ``environments`` must hold too; None
    where the lock names none.
    """

    select: Callable[[Wanted], tuple[Package, ...]]
    words: Callable[[str | None], Words]
    members: Mapping[str, str] = field(default_factory=dict)
    python: str = ""
    pythons: tuple[str, ...] = ()
    environments: tuple[str, ...] | None = None

    def fits(self, environment: Mapping[str, str]) -> bool:
        """Whether the lock is for an image with the variables of markers, with some patch release of its Python."""
        version = environment["python_version"]
        patches = [{**environment, **dict.fromkeys(PATCH_VARIABLES, f"{version}.{patch}")} for patch in PATCHES]
        return self.environments is None or any(applies(marker, variables) for marker in self.environments for variables in patches)

    def fits_python(self, version: str) -> bool:
        """Whether a patch release of a Python version, such as ``3.13``, is one that the lock is for."""
        from packaging.specifiers import InvalidSpecifier, SpecifierSet

        try:
            allowed = [SpecifierSet(text) for text in self.pythons]
        except InvalidSpecifier:
            return True
        releases = [f"{version}.{patch}" for patch in PATCHES]
        return not allowed or any(specifiers.contains(release) for specifiers in allowed for release in releases)


Result = TypeVar("Result")


def shaped(read: Callable[[], Result], tool: str) -> Result:
    """What the reader gives; raises LockFault for data that is not in the form that the tool writes."""
    try:
        return read()
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise LockFault(f"it is not in the form that {tool}") from error


def parse_toml(text: str) -> dict[str, Any]:
    """The data of a TOML text; raises LockFault."""
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LockFault(f"it is not valid TOML: {error}") from None
    return data


def sizes_of(wheels: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
    """The sizes of the files in bytes; empty where one of them has none."""
    sizes = [wheel.get("size") for wheel in wheels]
    return tuple(size for size in sizes if isinstance(size, int)) if all(isinstance(size, int) for size in sizes) else ()


def sorted_packages(packages: Iterable[Package]) -> tuple[Package, ...]:
    """The packages by name, each once."""
    found = dict.fromkeys(packages)
    return tuple(sorted(found, key=lambda item: (item.name, item.version, item.location, item.archives)))


def applies(marker: str, environment: Mapping[str, str]) -> bool:
    """Whether an environment marker holds; one that cannot be read does, so that nothing is missed."""
    from packaging.markers import UndefinedEnvironmentName

    parsed = _marker(marker)
    try:
        return parsed is None or parsed.evaluate({**environment})
    except UndefinedEnvironmentName:
        return True


@lru_cache(maxsize=4096)
def _marker(text: str) -> Marker | None:
    from packaging.markers import InvalidMarker, Marker

    try:
        return Marker(text) if text else None
    except InvalidMarker:
        return None


def environment_of(base: BaseImage, architecture: str) -> tuple[tuple[str, str], ...]:
    """The values of the variables of markers in an image."""
    version = base.runtime.removeprefix("python")
    variables = {
        "implementation_name": "cpython",
        "implementation_version": f"{version}.0",
        "os_name": "posix",
        "platform_machine": BY_NAME[architecture].machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{version}.0",
        "python_version": version,
        "sys_platform": "linux",
        "extra": "",
    }
    return tuple(variables.items())


def file_name(item: Mapping[str, str]) -> str:
    """The name of an archive that a lock lists by URL, path or name."""
    from urllib.parse import unquote

    place = item.get("url") or item.get("path") or item.get("filename") or item.get("file") or item.get("name") or ""
    return unquote(place.rpartition("/")[2])


@dataclass(frozen=True, slots=True)
class Registry:
    """An index, which is asked for the name of a package, or one page of links to archives of all of its packages."""

    url: str
    is_page: bool = False


def registries(packages: Collection[Package]) -> tuple[Registry, ...]:
    """The indexes and pages that the packages come from, sorted by URL, PyPI first."""
    found = {
        Registry(package.location, package.on_page or package.location.endswith(_PAGE))
        for package in packages
        if package.origin is From.REGISTRY and package.location
    }
    return tuple(sorted(found, key=lambda item: (item.url != PYPI, item.url)))


def index_url(url: str) -> str:
    """The URL of an index in one form: tools write PyPI's with and without a slash at the end."""
    return url.rstrip("/") if url.rstrip("/") == PYPI else url


def of_origin(packages: Sequence[Package], *origins: From) -> tuple[Package, ...]:
    """The packages that come from the origins, in order."""
    return tuple(package for package in packages if package.origin in origins)
