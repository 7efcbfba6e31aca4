"""What package indexes say of the sizes of wheels, and registries of those of npm's archives, asked over the network.

Source: https://packaging.python.org/en/latest/specifications/simple-repository-api/
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urljoin

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError, ProtocolError

from optimizer.adapters.registry.connections import Connections
from optimizer.adapters.registry.messages import broken
from optimizer.adapters.registry.urls import is_safe, shown
from optimizer.bases.catalogue import base_image
from optimizer.errors import RegistryError
from optimizer.locks.python import Package
from optimizer.locks.wheels import download_bytes

_ACCEPT = "application/vnd.pypi.simple.v1+json"
_LARGEST = 64 * 1024 * 1024
_AT_ONCE = 8
_REDIRECTS = 3
_MOVED = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True, order=True)
class AskedRelease:
    """A release of a package, for an image: ``indexes`` are the URLs to ask, in order."""

    name: str
    version: str
    runtime: str
    architecture: str
    indexes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSizes:
    """The bytes of packages by name, the largest of the releases that were asked for, and why some are not known, each reason once."""

    sizes: Mapping[str, int]
    failures: tuple[str, ...]


def sizes_of(releases: Iterable[AskedRelease]) -> IndexSizes:
    """What indexes say of the wheels that an image would get of each release."""
    return _answers(sorted(set(releases)), _size)


@dataclass(frozen=True, slots=True, order=True)
class AskedArchives:
    """The archives of a package of Node.js in some versions, in a registry by its URL."""

    name: str
    versions: tuple[str, ...]
    registry: str


def archive_sizes_of(packages: Iterable[AskedArchives]) -> IndexSizes:
    """What registries say of the archives, those of several versions of one package together.

    They are looked for where npm's registry has them, and others that are made like it.
    """
    return _answers(sorted(set(packages)), _archives)


_Asked = TypeVar("_Asked", AskedRelease, AskedArchives)


def _answers(asked: Sequence[_Asked], ask: Callable[[_Asked, Connections], int | str | None]) -> IndexSizes:
    connections = Connections()
    try:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            answers = list(pool.map(lambda each: ask(each, connections), asked))
    finally:
        connections.close()
    sizes: dict[str, int] = {}
    for each, answer in zip(asked, answers, strict=True):
        if isinstance(answer, int):
            sizes[each.name] = max(answer, sizes.get(each.name, 0))
    return IndexSizes(sizes=sizes, failures=tuple(sorted({answer for answer in answers if isinstance(answer, str)})))


def _archives(package: AskedArchives, connections: Connections) -> int | str | None:
    """The bytes of all versions; None where one is not there; why a registry gave no answer."""
    total = 0
    for version in package.versions:
        base = package.name.rpartition("/")[2]
        try:
            size = _length(f"{package.registry.rstrip('/')}/{package.name}/-/{base}-{version}.tgz", connections)
        except _NoAnswer as why:
            return f"the package registry {shown(package.registry)} {why}"
        if size is None:
            return None
        total += size
    return total or None


def _length(url: str, connections: Connections, redirects: int = _REDIRECTS) -> int | None:
    """The bytes of a file; None where it is not there, or nobody says how long it is."""
    if not is_safe(url):
        raise _NoAnswer("is not asked, as plain HTTP is for this machine alone")
    answer, _ = _answer("HEAD", url, {}, connections)
    if answer.status in _MOVED and redirects:
        return _length(urljoin(url, answer.headers.get("Location", "")), connections, redirects - 1)
    if answer.status not in (200, 404):
        raise _NoAnswer(f"answers with status {answer.status}")
    length = answer.headers.get("Content-Length", "")
    return int(length) if answer.status == 200 and length.isdigit() else None


def _size(release: AskedRelease, connections: Connections) -> int | str | None:
    """The bytes; None where no wheel fits; why an index gave no answer."""
    failure = None
    for index in release.indexes:
        try:
            size = _fitting(release, _files(f"{index.rstrip('/')}/{release.name}/", connections))
        except _NoAnswer as why:
            failure = f"the package index {shown(index)} {why}"
            continue
        if size is not None:
            return size
    return failure


class _NoAnswer(Exception):
    """An index that cannot be asked: the text goes on after its name."""


def _answer(method: str, url: str, headers: Mapping[str, str], connections: Connections) -> tuple[BaseHTTPResponse, bytes]:
    """The answer of an index, and its body."""
    for last in (False, True):
        try:
            answer = connections.open(method, url, headers, None)
            data = answer.read(_LARGEST + 1)
            answer.release_conn()
            return answer, data
        except (HTTPError, RegistryError) as error:
            # A connection that was kept may be closed at the moment in which it is used again.
            if last or not isinstance(error, ProtocolError):
                raise _NoAnswer(f"does not answer: {broken(error)}") from None
    raise AssertionError("the second failure is raised")


def _files(url: str, connections: Connections, redirects: int = _REDIRECTS) -> Sequence[Mapping[str, Any]]:
    if not is_safe(url):
        raise _NoAnswer("is not asked, as plain HTTP is for this machine alone")
    answer, data = _answer("GET", url, {"Accept": _ACCEPT}, connections)
    if answer.status in _MOVED and redirects:
        return _files(urljoin(url, answer.headers.get("Location", "")), connections, redirects - 1)
    if answer.status == 404:
        return ()
    if answer.status != 200:
        raise _NoAnswer(f"answers with status {answer.status}")
    try:
        files = json.loads(data)["files"]
        return [file for file in files if isinstance(file, dict)]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _NoAnswer("does not answer in JSON, which alone has sizes") from None


def _fitting(release: AskedRelease, files: Sequence[Mapping[str, Any]]) -> int | None:
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename
    from packaging.version import InvalidVersion, Version

    wheels: dict[str, int] = {}
    for file in files:
        name, size = file.get("filename"), file.get("size")
        if not isinstance(name, str) or type(size) is not int or size < 0:
            continue
        try:
            if parse_wheel_filename(name)[1] == Version(release.version):
                wheels[name] = size
        except (InvalidWheelFilename, InvalidVersion):
            continue
    package = Package(name=release.name, place=release.name, files=tuple(wheels), sizes=tuple(wheels.values()))
    return download_bytes([package], base_image(release.runtime), release.architecture)
