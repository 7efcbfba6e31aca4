"""What the locks of npm, pnpm and Yarn hold about the project itself, in one form.

Terms: an *importer* is a directory whose package.json the tool installs for:
the directory of the lock, ``.``, or a *member* of its workspace.  A *local
package* is a directory of first-party code that importers need: a member, or
what ``file:`` and ``link:`` point to.  All paths are relative to the directory
of the lock, in normal form, and may start with ``../``.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

NPM = "https://registry.npmjs.org"
"""The registry of packages where no setting names another."""

_ARCHIVES = (".tgz", ".tar.gz", ".tar")


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """What is installed for one importer in production.

    ``needs`` are the local packages that it reaches, directly or through other
    packages, sorted and without itself; ``git`` the packages that come from
    git; ``scripted`` those whose install scripts run, None where the lock does
    not tell; ``scripted_releases`` of these the packages of registries, each as
    its name there, its version and its URL, where the lock tells; ``nested`` those that the tool puts into the importer's own
    directory instead of the one of the lock.  ``unlinked`` are local packages that
    a package of a registry needs and the tool links nowhere, as pairs of the name
    and of the package that needs it.  ``packages`` are all that it
    reaches but local ones, as pairs of a name and what tells a release and its
    place from others; None where the lock does not tell what it reaches.
    """

    needs: tuple[str, ...] = ()
    git: tuple[str, ...] = ()
    scripted: tuple[str, ...] | None = None
    scripted_releases: tuple[tuple[str, str, str], ...] = ()
    nested: tuple[str, ...] = ()
    unlinked: tuple[tuple[str, str], ...] = ()
    packages: tuple[tuple[str, str], ...] | None = None


class Importers(Mapping[str, Importer]):
    """The importers of a lock by path, each computed when it is asked for: a repository has hundreds, and a step needs few."""

    def __init__(self, paths: Iterable[str], read: Callable[[str], Importer]) -> None:
        self._paths = tuple(paths)
        self._read = read
        self._found: dict[str, Importer] = {}

    def __getitem__(self, path: str) -> Importer:
        if path not in self._found:
            if path not in self._paths:
                raise KeyError(path)
            self._found[path] = self._read(path)
        return self._found[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLock:
    """What a lock names beside the packages of registries.

    ``members`` and ``local`` map paths to names of packages, empty where the
    lock has none; ``links`` maps where a link stands, such as
    ``node_modules/@acme/text``, to its local package.  ``archives`` are
    tarballs, ``copies`` directories whose content the tool copies, each with
    the name of its package; ``files`` are patches.  ``hashed_patches`` are the
    names of patches of which the lock has the hash and not the file, and ``hooks``
    the checksum of the hooks with which pnpm made the lock, empty without any.
    ``refused`` are entries of a protocol that cannot be installed from the
    lock alone, each with its name.  ``versions`` are those of some packages.
    ``format`` is the lock's own version, empty where it does not matter.
    """

    importers: Mapping[str, Importer] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    local: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    archives: Mapping[str, str] = field(default_factory=dict)
    copies: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    hashed_patches: tuple[str, ...] = ()
    hooks: str = ""
    refused: tuple[tuple[str, str], ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    format: str = ""

    def importer(self, path: str) -> Importer:
        """The importer; an empty one for a path that the lock does not have."""
        return self.importers.get(path, Importer())


def inside(base: str, path: str) -> str:
    """A path as an entry of a lock writes it, relative to the directory of the lock."""
    return posixpath.normpath(posixpath.join(base, path))


def is_archive(path: str) -> bool:
    """Whether a ``file:`` entry points to a tarball; else it points to a directory."""
    return path.endswith(_ARCHIVES)


def reached(start: Iterable[str], next_of: Callable[[str], Iterable[str]]) -> set[str]:
    """Everything that can be reached from the start, which belongs to it."""
    found = set(start)
    waiting = list(found)
    while waiting:
        for item in next_of(waiting.pop()):
            if item not in found:
                found.add(item)
                waiting.append(item)
    return found


def load_json(text: str) -> Mapping[str, Any] | None:
    """The mapping that a JSON text holds; None for anything else."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def load_yaml(text: str) -> Mapping[str, Any] | None:
    """The mapping that the last document of a YAML text holds; None for anything else.

    pnpm 11 and newer write two documents into a lock: what they know of pnpm itself and of configuration
    packages, and then what they install.
    Locks of large repositories have megabytes, which only the parser in C reads in a reasonable time.
    """
    # Imported here, because most specifications need no YAML.
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        data = _last_document(loader(text))
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _last_document(loader: Any) -> Any:
    data = None
    while loader.check_data():
        data = loader.get_data()
    return data


def table(value: Any) -> dict[str, Any]:
    """The value where it is a table with text for keys; else an empty one, so that a damaged lock is read as far as it goes."""
    return {key: item for key, item in value.items() if isinstance(key, str)} if isinstance(value, dict) else {}


def texts(value: Any) -> dict[str, str]:
    """The entries of a table whose values are text."""
    return {key: item for key, item in table(value).items() if isinstance(item, str)}


def names(value: Any) -> tuple[str, ...]:
    """The texts of a list."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def in_order(items: Collection[str]) -> tuple[str, ...]:
    """The items, sorted."""
    return tuple(sorted(items))
