"""Reading pylock.toml and pylock.NAME.toml.

Source: https://packaging.python.org/en/latest/specifications/pylock-toml/
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

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

NAME = re.compile(r"pylock(\.[^.]+)?\.toml")
"""The names that such a file may have."""

_SPECIFICATION = "the specification of pylock.toml describes"
_MEMBERSHIP = re.compile(r"""(['"])(?P<word>[^'"]*)\1\s+(?P<negated>not\s+)?in\s+(?P<set>extras|dependency_groups)\b""")


@lru_cache(maxsize=32)
def read_pylock(text: str, place: str) -> PythonLock:
    """The lock of a text, whose file is named ``place`` in messages; raises LockFault."""
    data = parse_toml(text)
    return shaped(lambda: _lock(data, place), _SPECIFICATION)


def _lock(data: Mapping[str, Any], place: str) -> PythonLock:
    packages = data.get("packages", [])
    defaults = tuple(data.get("default-groups", ()))
    python = data.get("requires-python", "")
    # pipenv does not count its default group among the others.
    groups = frozenset((*data.get("dependency-groups", ()), *defaults))
    words = Words(groups=groups, extras=frozenset(data.get("extras", ())), always=defaults)
    return PythonLock(
        select=lambda wanted: shaped(lambda: sorted_packages(_select(packages, defaults, wanted, place)), _SPECIFICATION),
        words=lambda package: words,
        python=python,
        pythons=(python,) if python else (),
        environments=tuple(data["environments"]) if "environments" in data else None,
    )


def _select(packages: list[Mapping[str, Any]], defaults: tuple[str, ...], wanted: Wanted, place: str) -> Iterator[Package]:
    words = {*wanted.words, *map(normal_name, defaults)}
    for package in packages:
        if applies(_decided(package.get("marker", ""), words), wanted.variables):
            yield _package(package, place)


def _decided(marker: str, words: set[str]) -> str:
    """The marker with what is known of the chosen extras and groups, which older readers of markers do not know."""

    def known(match: re.Match[str]) -> str:
        holds = (normal_name(match["word"]) in words) != bool(match["negated"])
        return "os_name == 'posix'" if holds else "os_name != 'posix'"

    return _MEMBERSHIP.sub(known, marker)


def _package(package: Mapping[str, Any], place: str) -> Package:
    name, version = normal_name(package["name"]), package.get("version", "")
    if "directory" in package:
        return Package(name=name, version=version, place=place, origin=From.DIRECTORY, location=_path(package["directory"]["path"]))
    if "vcs" in package:
        vcs = package["vcs"]
        location = vcs.get("url") or vcs.get("path", "")
        commit = vcs["commit-id"] if vcs["type"] == "git" else ""
        return Package(
            name=name,
            version=version,
            place=place,
            origin=From.GIT,
            location=location,
            commit=commit,
            subdirectory=vcs.get("subdirectory", ""),
        )
    if "archive" in package:
        archive = package["archive"]
        names = (file_name(archive),)
        if "url" in archive:
            return Package(name=name, version=version, place=place, origin=From.URL, location=archive["url"], files=names)
        return Package(name=name, version=version, place=place, origin=From.ARCHIVE, archives=(_path(archive["path"]),), files=names)
    wheels = package.get("wheels", ())
    listed = [*wheels, *([package["sdist"]] if "sdist" in package else [])]
    archives = tuple(path for item in listed if (path := _local_path(item)))
    files = tuple(file_name(wheel) for wheel in wheels)
    origin = From.ARCHIVE if archives else From.REGISTRY
    return Package(
        name=name,
        version=version,
        place=place,
        origin=origin,
        location=index_url(package.get("index", "")),
        archives=archives,
        files=files,
        sizes=sizes_of(wheels),
        buildable="sdist" in package,
    )


def _local_path(item: Mapping[str, Any]) -> str:
    """Where an archive is, which need not be in the project; empty for one that a server has."""
    url = item.get("url", "")
    # pip writes the files of a local index by absolute URLs.
    if url.startswith("file:"):
        return unquote(urlsplit(url).path)
    return _path(item["path"]) if not url and "path" in item else ""


def _path(path: str) -> str:
    return posixpath.normpath(path)
