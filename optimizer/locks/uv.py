"""Reading uv.lock.

The format has no specification; what stands here was seen in locks that uv
0.4 to 0.13 wrote.  Source: https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from optimizer.locks.python import (
    From,
    Package,
    PythonLock,
    Wanted,
    Words,
    applies,
    file_name,
    index_url,
    parse_toml,
    shaped,
    sizes_of,
    sorted_packages,
)
from optimizer.model.python_names import normal_name

NAME = "uv.lock"
_LOCAL = ("virtual", "editable", "directory")
# uv writes extras, groups and members that exclude one another into markers, as extras of these names.
_CONFLICT = re.compile(r"extra\s*(?P<operator>==|!=)\s*(?P<quote>['\"])(?P<word>(?:extra|group|project)-\d+-[^'\"]+)(?P=quote)")


@lru_cache(maxsize=32)
def read_uv_lock(text: str) -> PythonLock:
    """The lock of a text; raises LockFault."""
    data = parse_toml(text)
    return shaped(lambda: _lock(data), "uv writes")


def _lock(data: Mapping[str, Any]) -> PythonLock:
    packages: list[Mapping[str, Any]] = data.get("package", [])
    members = _members(data, packages)
    # Groups of a pyproject.toml without a project.
    shared: Mapping[str, Any] = data.get("manifest", {}).get("dependency-groups", {})
    python = data.get("requires-python", "")

    def words(package: str | None) -> Words:
        chosen = _roots(packages, members, package)
        # uv takes the groups of the root for every member.
        root = [item for item in packages if members.get(item["name"]) == "."]
        groups = frozenset(name for item in (*chosen, *root) for name in _groups(item))
        return Words(
            groups=groups | {*shared},
            extras=frozenset(name for item in chosen for name in _extras(item)),
            conflicts=tuple(_conflicts(data, {item["name"] for item in (*chosen, *root)})),
        )

    @lru_cache(maxsize=8)
    def select(wanted: Wanted) -> tuple[Package, ...]:
        return shaped(lambda: sorted_packages(_select(packages, members, shared, wanted)), "uv writes")

    return PythonLock(
        select=select,
        words=words,
        members=members,
        python=python,
        pythons=(python,) if python else (),
        environments=tuple(data["supported-markers"]) if "supported-markers" in data else None,
    )


def _members(data: Mapping[str, Any], packages: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The directories of the members by name; a project alone is its only member."""
    named = data.get("manifest", {}).get("members")
    paths = {package["name"]: _path(package["source"]) for package in packages}
    if named is None:
        return {name: "." for name, path in paths.items() if path == "."}
    return {name: path for name, path in sorted(paths.items()) if name in named and path is not None}


def _path(source: Mapping[str, str]) -> str | None:
    found = next((source[key] for key in _LOCAL if key in source), None)
    return None if found is None else posixpath.normpath(found)


def _groups(package: Mapping[str, Any]) -> set[str]:
    return {*package.get("dev-dependencies", {}), *package.get("metadata", {}).get("requires-dev", {})}


def _extras(package: Mapping[str, Any]) -> set[str]:
    return {*package.get("optional-dependencies", {}), *package.get("metadata", {}).get("provides-extras", ())}


def _conflicts(data: Mapping[str, Any], names: set[str]) -> Iterator[frozenset[str]]:
    """The extras and groups of the named packages that exclude one another."""
    for items in data.get("conflicts", ()):
        yield frozenset(word for item in items if item["package"] in names and (word := item.get("extra", item.get("group"))))


def _roots(packages: Sequence[Mapping[str, Any]], members: Mapping[str, str], package: str | None) -> list[Mapping[str, Any]]:
    if package is not None:
        names = {normal_name(package)}
    else:
        root = {name for name, directory in members.items() if directory == "."}
        # A workspace without a project of its own exports all members.
        names = root or set(members)
    return [item for item in packages if item["name"] in names & set(members)]


def _select(
    packages: Sequence[Mapping[str, Any]], members: Mapping[str, str], shared_groups: Mapping[str, Any], wanted: Wanted
) -> list[Package]:
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for package in packages:
        by_name.setdefault(package["name"], []).append(package)
    roots = _roots(packages, members, wanted.package)
    starts = [start for root in roots for start in _starts(root, wanted)]
    if wanted.package is not None:
        own = {group for root in roots for group in _groups(root)}
        shared = [item for item in packages if members.get(item["name"]) == "." and item not in roots]
        starts += [("group", root, word) for root in shared for word in wanted.words if word not in own]
    words = {_word(kind, root["name"], word) for kind, root, word in starts}
    waiting = [item for kind, root, word in starts for item in _items(kind, root, word)]
    for word in wanted.words:
        for item in shared_groups.get(word, ()):
            # A requirement as it was written, which has another word for extras.
            waiting.append({"name": item["name"], "marker": item.get("marker", ""), "extra": item.get("extras", ())})
    # What excludes one another depends on extras and members that are met on the way, so it is gone until no new one is met.
    while True:
        met, found = _walk(waiting, by_name, words, wanted)
        if met <= words:
            names = {root["name"] for root in roots}
            return [_package(package) for package in found if package["name"] not in names]
        words |= met


def _walk(
    start: Sequence[Mapping[str, Any]], by_name: Mapping[str, Sequence[Mapping[str, Any]]], words: set[str], wanted: Wanted
) -> tuple[set[str], list[Mapping[str, Any]]]:
    """The words of the packages and extras on the way, and the packages that are met."""
    variables = wanted.variables
    waiting, found = list(start), []
    seen: set[tuple[str, str, str]] = set()
    while waiting:
        dependency = waiting.pop()
        # A dependency on an extra may ask for that very extra.
        asked = words.union(_word("extra", dependency["name"], extra) for extra in dependency.get("extra", ()))
        if not applies(_decided(dependency.get("marker", ""), asked), variables):
            continue
        for package in _named(by_name.get(dependency["name"], []), dependency):
            for extra in ("", *dependency.get("extra", ())):
                key = (package["name"], package.get("version", ""), extra)
                if key in seen:
                    continue
                seen.add(key)
                waiting += package.get("optional-dependencies", {}).get(extra, ()) if extra else package.get("dependencies", ())
                if not extra:
                    found.append(package)
    return {_word("extra", name, extra) for name, _, extra in seen}, found


def _word(kind: str, package: str, name: str) -> str:
    """How markers call an extra or a group of a package, or, without a name, the package itself."""
    return f"{kind}-{len(package)}-{package}-{name}" if name else f"project-{len(package)}-{package}"


def _starts(root: Mapping[str, Any], wanted: Wanted) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """What is taken of a project: its own dependencies (an empty word), extras and groups."""
    # Before revision 4, locks do not name the default groups.
    defaults = root.get("default-groups", wanted.defaults)
    defaults = root.get("dev-dependencies", {}) if defaults == "all" else defaults
    yield "", root, ""
    for word in wanted.words:
        yield "extra", root, word
    for word in (*wanted.words, *(name for name in defaults if name != "dev")):
        yield "group", root, word


def _items(kind: str, root: Mapping[str, Any], word: str) -> Sequence[Mapping[str, Any]]:
    table = {"extra": "optional-dependencies", "group": "dev-dependencies"}.get(kind)
    items: Sequence[Mapping[str, Any]] = root.get(table, {}).get(word, ()) if table else root.get("dependencies", ())
    return items


def _named(packages: Sequence[Mapping[str, Any]], dependency: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The entries that a dependency means: by version and source where a name has several."""
    for package in packages:
        if all(key not in dependency or package.get(key) == dependency[key] for key in ("version", "source")):
            yield package


def _decided(marker: str, words: set[str]) -> str:
    """The marker with what is known of extras that exclude one another."""

    def known(match: re.Match[str]) -> str:
        holds = (match["word"] in words) == (match["operator"] == "==")
        return "os_name == 'posix'" if holds else "os_name != 'posix'"

    return _CONFLICT.sub(known, marker)


def _package(package: Mapping[str, Any]) -> Package:
    source: Mapping[str, str] = package["source"]
    name, version = package["name"], package.get("version", "")
    wheels: Sequence[Mapping[str, Any]] = package.get("wheels", ())
    path = _path(source)
    if path is not None:
        origin = From.VIRTUAL if "virtual" in source else From.DIRECTORY
        return Package(name=name, version=version, place=NAME, origin=origin, location=path)
    if "git" in source:
        parts = urlsplit(source["git"])
        query = parse_qs(parts.query)
        location = urlunsplit(parts._replace(query="", fragment=""))
        return Package(
            name=name,
            version=version,
            place=NAME,
            origin=From.GIT,
            location=location,
            commit=parts.fragment,
            subdirectory=query.get("subdirectory", [""])[0],
            lfs=query.get("lfs") == ["true"],
        )
    names = tuple(file_name(wheel) for wheel in wheels)
    if "url" in source:
        files = names or (file_name(source),)
        return Package(name=name, version=version, place=NAME, origin=From.URL, location=source["url"], files=files)
    if "path" in source:
        path = posixpath.normpath(source["path"])
        return Package(name=name, version=version, place=NAME, origin=From.ARCHIVE, archives=(path,), files=(posixpath.basename(path),))
    registry = source["registry"]
    if "://" in registry:
        archives = [*wheels, *([package["sdist"]] if "sdist" in package else [])]
        return Package(
            name=name,
            version=version,
            place=NAME,
            location=index_url(registry),
            files=names,
            sizes=sizes_of(wheels),
            hashes=tuple(item["hash"] for item in archives if "hash" in item),
            hashed=all("hash" in item for item in archives),
            buildable="sdist" in package,
        )
    listed = [item["path"] for item in (*wheels, package.get("sdist", {})) if "path" in item]
    paths = tuple(posixpath.normpath(posixpath.join(registry, item)) for item in listed)
    return Package(name=name, version=version, place=NAME, origin=From.ARCHIVE, location=registry, archives=paths, files=names)
