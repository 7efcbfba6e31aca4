"""Which packages a lock file names, in which versions, whatever tool wrote it: enough to tell two states of one file apart.

Markers, groups and platforms are not looked at: everything that the file names counts.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from optimizer.locks.nodejs import load_json, load_yaml, table
from optimizer.locks.python import LockFault, parse_toml
from optimizer.locks.requirement_lines import logical_lines, option
from optimizer.model.python_names import normal_name

Versions = Mapping[str, tuple[str, ...]]
"""The versions of each package, sorted."""

_PINNED = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*===?\s*(?P<version>[^\s;,]+)")
_DIRECT = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*@\s*(?P<version>\S+)")
_REQUIREMENTS = re.compile(r".*\.(?:txt|in)")
_GEM = re.compile(r"^ {4}(?P<name>\S+) \((?P<version>[^)]+)\)$", re.MULTILINE)
_GO_SUM = re.compile(r"^(?P<name>\S+) (?P<version>v[^\s/]+) h1:", re.MULTILINE)
_GRADLE = re.compile(r"^(?P<name>[^\s:#]+:[^\s:]+):(?P<version>[^\s=]+)=", re.MULTILINE)
_YARN_CLASSIC = re.compile(r'^"?(?P<name>@?[^@\s"]+)@[^\n]*:\n {2}version "?(?P<version>[^"\n]+)"?$', re.MULTILINE)

Pairs = Iterable[tuple[str, str]]


def locked_versions(path: str, text: str) -> Versions | None:
    """The packages of a lock file by their names; None for a file that is none, or cannot be read."""
    name = posixpath.basename(path)
    read = _READERS.get(name)
    if read is None and name.startswith("pylock.") and name.endswith(".toml"):
        read = _pylock
    if read is None and _REQUIREMENTS.fullmatch(name):
        read = _requirements
    if read is None:
        return None
    try:
        pairs = sorted(set(read(text)))
    except (LockFault, LookupError, TypeError, AttributeError, ValueError):
        return None
    found: dict[str, list[str]] = {}
    for package, version in pairs:
        found.setdefault(package, []).append(version)
    return {package: tuple(versions) for package, versions in found.items()}


def _requirements(text: str) -> Pairs:
    for _, line in logical_lines(text):
        found = None if option(line) else _PINNED.match(line) or _DIRECT.match(line)
        if found:
            yield normal_name(found["name"]), found["version"]


def _toml_packages(text: str, key: str = "package") -> Pairs:
    for package in parse_toml(text).get(key, ()):
        # What has no version is named by its source, such as a commit.
        yield str(package["name"]), str(package.get("version") or _source(package))


def _source(package: Mapping[str, Any]) -> str:
    source = package.get("source") or package.get("vcs") or package.get("directory") or package.get("archive") or ""
    return " ".join(str(value) for _, value in sorted(source.items())) if isinstance(source, Mapping) else str(source)


def _pylock(text: str) -> Pairs:
    return _toml_packages(text, "packages")


def _pipfile(text: str) -> Pairs:
    for section in ("default", "develop"):
        for name, entry in table((load_json(text) or {})[section]).items():
            yield name, str(entry.get("version") or entry.get("ref") or entry.get("path") or "").removeprefix("==")


def _npm(text: str) -> Pairs:
    data = load_json(text) or {}
    for place, entry in table(data.get("packages")).items():
        if "node_modules/" in place and not entry.get("link"):
            yield place.rpartition("node_modules/")[2], str(entry.get("version") or entry.get("resolved") or "")
    if "packages" not in data:
        yield from _npm_tree(table(data["dependencies"]))


def _npm_tree(entries: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The packages of npm 6, which keeps them as a tree."""
    for name, entry in entries.items():
        yield name, str(entry["version"])
        yield from _npm_tree(table(entry.get("dependencies")))


def _pnpm(text: str) -> Pairs:
    for key in table((load_yaml(text) or {})["packages"]):
        bare = key.lstrip("/").partition("(")[0]
        name, _, version = bare.rpartition("@") if "@" in bare[1:] else bare.rpartition("/")
        yield name, version


def _yarn(text: str) -> Pairs:
    if "__metadata:" not in text:
        return [(found["name"], found["version"]) for found in _YARN_CLASSIC.finditer(text)]
    entries = (table(entry) for entry in (load_yaml(text) or {}).values())
    resolutions = [str(entry.get("resolution", "")) for entry in entries]
    parted = ((resolution[:at], resolution[at + 1 :]) for resolution in resolutions if (at := resolution.find("@", 1)) > 0)
    return [(name, rest.removeprefix("npm:")) for name, rest in parted if not rest.startswith("workspace:")]


def _nuget(text: str) -> Pairs:
    for packages in table((load_json(text) or {})["dependencies"]).values():
        for name, entry in table(packages).items():
            if "resolved" in entry:
                yield name, str(entry["resolved"])


def _found_by(pattern: re.Pattern[str]) -> Callable[[str], Pairs]:
    return lambda text: [(found["name"], found["version"]) for found in pattern.finditer(text)]


_READERS: Mapping[str, Callable[[str], Pairs]] = {
    "uv.lock": _toml_packages,
    "poetry.lock": _toml_packages,
    "Cargo.lock": _toml_packages,
    "Pipfile.lock": _pipfile,
    "package-lock.json": _npm,
    "npm-shrinkwrap.json": _npm,
    "pnpm-lock.yaml": _pnpm,
    "yarn.lock": _yarn,
    "Gemfile.lock": _found_by(_GEM),
    "go.sum": _found_by(_GO_SUM),
    "gradle.lockfile": _found_by(_GRADLE),
    "packages.lock.json": _nuget,
}
