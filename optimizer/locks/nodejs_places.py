"""Where the packages of a lock stand once they are installed, so that a tree can be taken apart into them.

Terms
    place    the path of a package in the tree, such as ``node_modules/@acme/text``
    owner    of a place: the package whose archive brings it; the package itself,
             or the one above it that bundles it
    settled  a package whose place no other decides

A lock of npm names all places, for every platform; what is installed of them on
one is what npm does, and what ``prune_nodejs.js`` leaves of that.  Other locks
name none: there a package is settled, in the uppermost ``node_modules``, that is
needed under one name, which no other package is needed under, and that has no
peers.  Where all others stand follows from which package needs which.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from optimizer.locks.nodejs import load_json, load_yaml, names, reached, table, texts
from optimizer.locks.nodejs_yarn import meant, yarn_entries
from optimizer.locks.pins import NotPinned
from optimizer.locks.ranges import may_hold, same_answer

_DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_NPM = 11
_OLDEST_NPM = ("10.8.0", "11.0.0")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTarget:
    """What packages are installed for, in the words of package.json, with the major version of Node.js."""

    cpu: str
    os: str
    libc: str
    node: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A package at its place; ``name`` is that of the owner, by which it is grouped, and ``release`` tells the bytes from others."""

    place: str
    name: str
    release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedTree:
    """What an installation makes, each sorted.

    ``packages`` are those of known places.  ``links`` are the links with where
    they lead; of a lock that names no places, the packages with programs, by
    the name under which they are needed, with their releases.  Such a lock also
    has ``unsettled`` packages, pairs of name and release, and ``graph``, a digest
    of which package needs which, without the versions of settled ones; None for
    a lock that names all places.
    """

    packages: tuple[Placed, ...]
    links: tuple[tuple[str, str], ...]
    unsettled: tuple[tuple[str, str], ...] = ()
    graph: str | None = None


@lru_cache(maxsize=8)
def npm_places(text: str, target: NodeTarget) -> PlacedTree:
    """What ``npm ci --omit=dev`` installs of a lock whose packages all stand in one ``node_modules``.

    Raises :class:`NotPinned` for a lock that does not tell.
    """
    packages = {path: table(entry) for path, entry in table((load_json(text) or {}).get("packages")).items()}
    if not packages:
        raise NotPinned("its lock file has the first format, which names no places")
    places = [place for place in packages if _is_place(place)]
    foreign = {place for place in places if _is_optional(packages[place]) and not _holds(place, packages[place], target)}
    needed = reached(
        (place for place in packages if place not in foreign and not (_is_place(place) and _is_optional(packages[place]))),
        lambda place: _needs(packages, foreign, place),
    )
    there = [place for place in places if place in needed and not packages[place].get("dev")]
    found = [_placed(place, packages) for place in sorted(there) if not packages[place].get("link")]
    links = {(place, str(packages[place].get("resolved", ""))) for place in there if packages[place].get("link")}
    links |= {link for item in found for link in _programs(item.place, packages[item.place])}
    return PlacedTree(packages=tuple(found), links=tuple(sorted(links)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    """A package of a lock that names no places: ``name`` is its own, ``release`` tells its bytes from others.

    ``needs`` are pairs of the name under which another is needed, and of its key.
    ``settles`` says that nothing of its own keeps it from being settled.
    """

    name: str
    release: str
    needs: tuple[tuple[str, str], ...]
    settles: bool
    programs: bool


@lru_cache(maxsize=8)
def pnpm_places(text: str, target: NodeTarget) -> PlacedTree:
    """What ``pnpm install --prod`` makes with ``node-linker=hoisted`` of a lock of one importer.

    Raises :class:`NotPinned` for a lock that does not tell.
    """
    data = load_yaml(text) or {}
    if not str(data.get("lockfileVersion", "")).startswith("9"):
        raise NotPinned("its lock file is of pnpm 8 or older")
    packages = {key: table(entry) for key, entry in table(data.get("packages")).items()}
    snapshots = {key: table(entry) for key, entry in table(data.get("snapshots")).items()}

    def node(key: str) -> _Node | None:
        entry, about = snapshots[key], packages.get(key.partition("(")[0], {})
        if entry.get("optional") and not _holds(key, about, target):
            return None
        integrity = table(about.get("resolution")).get("integrity")
        if not isinstance(integrity, str):
            raise NotPinned(f"{key} has no integrity in it")
        return _Node(
            name=_bare(key),
            release=f"{key[len(_bare(key)) + 1 :]} {integrity}",
            needs=tuple(_required(entry, snapshots)),
            settles="(" not in key and "bundledDependencies" not in about,
            programs=bool(about.get("hasBin")),
        )

    root = table(table(data.get("importers")).get("."))
    return _settled(tuple(_required(root, snapshots)), node)


@lru_cache(maxsize=8)
def yarn_places(text: str, production: tuple[str, ...], target: NodeTarget, overridden: tuple[str, ...] = ()) -> PlacedTree:
    """What ``yarn workspaces focus --production`` of Yarn 2 and newer makes with ``node-modules`` of a lock of one workspace, which needs ``production``.

    ``overridden`` are the names of packages for which the workspace has ``resolutions``.
    Raises :class:`NotPinned` for a lock that does not tell.
    """
    entries = yarn_entries(text)
    by_resolution = {entry["resolution"]: entry for entry in entries.values()}
    roots = [entry for resolution, entry in by_resolution.items() if resolution.endswith("@workspace:.")]
    if len(roots) != 1:
        raise NotPinned("it names no workspace of the project")

    def needs(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for name, required in texts(entry.get("dependencies")).items():
            if entry is roots[0] and name not in production:
                continue
            found = meant(text, name, required, overridden)
            if len(found) != 1:
                raise NotPinned(f"it does not tell which {name} {required} is")
            yield name, found[0]["resolution"]

    def node(resolution: str) -> _Node | None:
        entry = by_resolution[resolution]
        name, _, source = resolution[1:].partition("@")
        if not _meets(resolution, str(entry.get("conditions", "")), target):
            return None
        if not source.startswith(("npm:", "patch:")):
            raise NotPinned(f"{resolution[0]}{name} comes from {source}")
        return _Node(
            name=f"{resolution[0]}{name}",
            # A package for one platform has no checksum, whichever that is.
            release=f"{entry.get('version', '')} {entry.get('checksum') or resolution}",
            needs=tuple(needs(entry)),
            settles=source.startswith("npm:") and not table(entry.get("peerDependencies")),
            programs=bool(table(entry.get("bin"))),
        )

    return _settled(tuple(needs(roots[0])), node)


def _meets(resolution: str, conditions: str, target: NodeTarget) -> bool:
    """Whether a package is for the target by conditions such as ``os=linux & (cpu=x64 | cpu=arm64)``."""
    words = {"os": target.os, "cpu": target.cpu, "libc": target.libc}
    for clause in filter(None, (part.strip() for part in conditions.split("&"))):
        pairs = [option.strip().partition("=") for option in clause.strip("()").split("|")]
        if any(field not in words or not value for field, _, value in pairs):
            raise NotPinned(f"the conditions of {resolution} are {conditions}")
        if not any(words[field] == value for field, _, value in pairs):
            return False
    return True


def _required(entry: Mapping[str, Any], snapshots: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What an importer or a package needs, as pairs of a name and a key."""
    for kind in ("dependencies", "optionalDependencies"):
        for name, value in table(entry.get(kind)).items():
            version = table(value).get("version") if isinstance(value, dict) else value
            found = [key for key in (f"{name}@{version}", str(version)) if key in snapshots]
            if not found:
                raise NotPinned(f"it takes {name} from {version}")
            yield name, found[0]


def _bare(key: str) -> str:
    """The name of a package in a key such as ``@acme/text@1.0.0(react@18.2.0)``."""
    bare = key.partition("(")[0]
    return bare[: bare.find("@", 1)]


def _settled(roots: tuple[tuple[str, str], ...], node: Callable[[str], _Node | None]) -> PlacedTree:
    """The tree of what the roots reach; a key without a node is not installed."""
    nodes: dict[str, _Node] = {}
    edges: set[tuple[str, str, str]] = set()
    waiting = [("", name, key) for name, key in roots]
    while waiting:
        above, name, key = waiting.pop()
        if key not in nodes:
            found = node(key)
            if found is None:
                continue
            nodes[key] = found
            waiting += [(key, *need) for need in found.needs]
        edges.add((above, name, key))
    keys_of: dict[str, set[str]] = {}
    names_of: dict[str, set[str]] = {}
    for _, name, key in edges:
        keys_of.setdefault(name, set()).add(key)
        names_of.setdefault(key, set()).add(name)
    settled = {key for key, found in nodes.items() if found.settles and names_of[key] == {found.name} and keys_of[found.name] == {key}}
    # The version of a settled package decides nothing but its own bytes.
    shown = {key: found.name if key in settled else key for key, found in nodes.items()} | {"": ""}
    graph = sorted({(shown[above], name, shown[key]) for above, name, key in edges})
    return PlacedTree(
        packages=tuple(
            sorted(
                (Placed(place=f"node_modules/{nodes[key].name}", name=nodes[key].name, release=nodes[key].release) for key in settled),
                key=lambda item: item.place,
            )
        ),
        links=tuple(sorted({(name, nodes[key].release) for _, name, key in edges if nodes[key].programs})),
        unsettled=tuple(sorted({(name, nodes[key].release) for _, name, key in edges if key not in settled})),
        graph=hashlib.sha256(json.dumps(graph).encode()).hexdigest(),
    )


def _is_place(path: str) -> bool:
    return path.startswith("node_modules/") and posixpath.normpath(path) == path


def _is_optional(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("optional") or entry.get("devOptional"))


def _holds(place: str, entry: Mapping[str, Any], target: NodeTarget) -> bool:
    """Whether an optional package is for the target."""
    wanted = (("os", target.os), ("cpu", target.cpu), ("libc", target.libc))
    if not all(_allows(entry, field, value) for field, value in wanted):
        return False
    engines = texts(entry.get("engines"))
    node, npm = engines.get("node"), engines.get("npm")
    newest = f"{target.node}.0.0"
    if node is not None and not same_answer(node, newest, newest):
        raise NotPinned(f"the optional package {_name(place)} is for Node.js {node}, of which the runtime has a part")
    if npm is not None and not all(same_answer(npm, f"{_NPM}.0.0", oldest) for oldest in _OLDEST_NPM):
        raise NotPinned(f"the optional package {_name(place)} is for npm {npm}")
    return (node is None or may_hold(node, target.node)) and (npm is None or may_hold(npm, _NPM))


def _allows(entry: Mapping[str, Any], field: str, value: str) -> bool:
    """Whether a list such as ``["linux"]`` or ``["!win32"]`` allows a word."""
    given = entry.get(field)
    words = (given,) if isinstance(given, str) else names(given)
    wanted = [word for word in words if not word.startswith("!")]
    return f"!{value}" not in words and (not wanted or value in wanted or "any" in wanted)


def _needs(packages: Mapping[str, dict[str, Any]], foreign: set[str], place: str) -> list[str]:
    """The places of what a package needs, with those that links lead to."""
    found = []
    for name in {name for kind in _DEPENDENCIES for name in table(packages[place].get(kind))}:
        directory = place
        while True:
            candidate = posixpath.join(directory, "node_modules", name)
            if candidate in packages and candidate not in foreign:
                resolved = packages[candidate].get("resolved")
                found.append(candidate)
                if packages[candidate].get("link") and resolved in packages:
                    found.append(str(resolved))
                break
            if directory in ("", ".."):
                break
            directory = directory.rpartition("/")[0]
    return found


def _placed(place: str, packages: Mapping[str, dict[str, Any]]) -> Placed:
    owner = place
    while packages[owner].get("inBundle"):
        above = owner.rpartition("/node_modules/")[0]
        if above not in packages:
            break
        owner = above
    release, bundling = packages[place], packages[owner]
    if not isinstance(bundling.get("integrity"), str):
        raise NotPinned(f"{_name(place)} has no integrity in it")
    return Placed(place=place, name=_name(owner), release=f"{release.get('version', '')} {bundling['integrity']}")


def _programs(place: str, entry: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The links to the programs of a package, each with the file that it leads to."""
    modules = place[: len(place) - len(_name(place))]
    given = entry.get("bin")
    programs = {_name(place).rpartition("/")[2]: given} if isinstance(given, str) else texts(given)
    return {(f"{modules}.bin/{name}", posixpath.normpath(posixpath.join(place, path))) for name, path in programs.items()}


def _name(place: str) -> str:
    return place.rpartition("node_modules/")[2]
