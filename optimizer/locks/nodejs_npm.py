"""package-lock.json and npm-shrinkwrap.json.

Source: https://docs.npmjs.com/cli/configuring-npm/package-lock-json
"""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from optimizer.locks.nodejs import Importer, Importers, NodeLock, in_order, inside, is_archive, load_json, names, reached, table, texts

_PRODUCTION = ("dependencies", "optionalDependencies", "peerDependencies")


@lru_cache(maxsize=8)
def read_npm(text: str) -> NodeLock | None:
    """What the lock says; None when it is damaged, so that npm's own message about it is seen."""
    data = load_json(text)
    if data is None:
        return None
    packages = {path: table(entry) for path, entry in table(data.get("packages")).items()}
    return _read_packages(packages) if packages else _read_first_version(data)


def _read_packages(packages: Mapping[str, dict[str, Any]]) -> NodeLock:
    links = {
        path: inside(".", entry["resolved"])
        for path, entry in packages.items()
        if entry.get("link") and isinstance(entry.get("resolved"), str)
    }
    local = {target: _name(place) for place, target in sorted(links.items(), reverse=True)}
    members = {path: name for path, name in local.items() if _is_member(path, packages.get("", {}).get("workspaces"))}
    files = {
        path: inside(".", resolved.removeprefix("file:"))
        for path, entry in packages.items()
        if isinstance(resolved := entry.get("resolved"), str) and resolved.startswith("file:") and not entry.get("link")
    }
    return NodeLock(
        importers=Importers((".", *local), lambda path: _importer(packages, links, path)),
        members=members,
        local=local,
        links=links,
        archives={target: _name(path) for path, target in files.items() if is_archive(target)},
        copies={target: _name(path) for path, target in files.items() if not is_archive(target)},
        versions=_versions(packages),
    )


def _importer(packages: Mapping[str, dict[str, Any]], links: Mapping[str, str], path: str) -> Importer:
    start = "" if path == "." else path
    found = reached([start], lambda place: _next(packages, links, place))
    needs = {links[place] for place in found if place in links} - {path}
    below = f"{path}/node_modules/"
    scripted = {place: packages[place] for place in found if "node_modules/" in place and _is_scripted(packages.get(place, {}))}
    return Importer(
        needs=in_order(needs),
        git=in_order({_name(place) for place in found if str(packages.get(place, {}).get("resolved", "")).startswith("git")}),
        scripted=in_order({_name(place) for place in scripted}),
        scripted_releases=tuple(sorted({_release_of(place, entry) for place, entry in scripted.items() if _may_be_allowed(entry)})),
        nested=in_order({_name(place) for place in found if place.startswith(below) and "/node_modules/" not in place.removeprefix(below)}),
        packages=tuple(
            sorted(
                (_name(place), f"{place} {_release(packages[place])}") for place in found if "node_modules/" in place and place in packages
            )
        ),
    )


def _next(packages: Mapping[str, dict[str, Any]], links: Mapping[str, str], place: str) -> Iterator[str]:
    if place in links:
        yield links[place]
        return
    entry = packages.get(place, {})
    for kind in _PRODUCTION:
        for name in table(entry.get(kind)):
            found = _resolved(packages, place, name)
            if found is not None:
                yield found


def _resolved(packages: Mapping[str, dict[str, Any]], place: str, name: str) -> str | None:
    """Where Node.js finds a package from a place: in the nearest ``node_modules`` above it."""
    directory = place
    while True:
        candidate = posixpath.join(directory, "node_modules", name)
        if candidate in packages:
            return candidate
        if directory in ("", ".."):
            return None
        directory = directory.rpartition("/")[0]


def _is_scripted(entry: Mapping[str, Any]) -> bool:
    systems = entry.get("os")
    return bool(entry.get("hasInstallScript")) and not entry.get("dev") and (not isinstance(systems, list) or "linux" in systems)


def _may_be_allowed(entry: Mapping[str, Any]) -> bool:
    """Whether a registry has the package alone: what comes inside of another one is never allowed."""
    return not entry.get("inBundle") and not str(entry.get("resolved", "")).startswith(("git", "file:"))


def _release_of(place: str, entry: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(entry.get("name", _name(place))), str(entry.get("version", "")), str(entry.get("resolved", ""))


def _is_member(path: str, workspaces: Any) -> bool:
    patterns = names(table(workspaces).get("packages")) or names(workspaces)
    matching = [pattern for pattern in patterns if fnmatch.fnmatchcase(path, pattern.lstrip("!").removeprefix("./").rstrip("/"))]
    # The last pattern that matches decides.
    return bool(matching) and not matching[-1].startswith("!")


def _versions(packages: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    return {
        path.removeprefix("node_modules/"): entry["version"]
        for path, entry in packages.items()
        if path.startswith("node_modules/") and path.count("node_modules/") == 1 and isinstance(entry.get("version"), str)
    }


def _release(entry: Mapping[str, Any]) -> str:
    """What an entry is of: its version, and where it comes from, which for a package of git or a tarball alone tells it from others."""
    return f"{entry.get('version', '')} {entry.get('integrity') or entry.get('resolved', '')}"


def _name(place: str) -> str:
    return place.rpartition("node_modules/")[2]


def _read_first_version(data: Mapping[str, Any]) -> NodeLock:
    """A lock of npm 6 or older, which names its packages alone."""
    entries = {name: table(entry).get("version") for name, entry in table(data.get("dependencies")).items()}
    files = {
        inside(".", version.removeprefix("file:")): name
        for name, version in entries.items()
        if isinstance(version, str) and version.startswith("file:")
    }
    return NodeLock(
        importers={".": Importer(needs=in_order([path for path in files if not is_archive(path)]))},
        local={path: name for path, name in files.items() if not is_archive(path)},
        links={f"node_modules/{name}": path for path, name in files.items() if not is_archive(path)},
        archives={path: name for path, name in files.items() if is_archive(path)},
        versions=texts(entries),
    )
