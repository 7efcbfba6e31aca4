"""Reading Pipfile.lock.

Source: https://pipenv.pypa.io/en/latest/pipfile.html and the locks that pipenv 2018 to 2026 wrote.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from optimizer.locks.python import (
    ARCHIVES,
    PYPI,
    From,
    LockFault,
    Package,
    PythonLock,
    Wanted,
    Words,
    applies,
    file_name,
    index_url,
    shaped,
    sorted_packages,
)
from optimizer.model.python_names import normal_name

NAME = "Pipfile.lock"


@lru_cache(maxsize=32)
def read_pipfile_lock(text: str) -> PythonLock:
    """The lock of a text; raises LockFault."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise LockFault(f"it is not valid JSON: {error}") from None
    return shaped(lambda: _lock(data), "pipenv writes")


def _lock(data: Mapping[str, Any]) -> PythonLock:
    meta = data.get("_meta", {})
    requires = meta.get("requires", {})
    python = requires.get("python_full_version") or requires.get("python_version") or ""
    sources = {source["name"]: index_url(source["url"]) for source in meta.get("sources", ())}
    entries = data.get("default", {})
    return PythonLock(
        select=lambda wanted: shaped(lambda: sorted_packages(_select(entries, sources, wanted)), "pipenv writes"),
        words=lambda package: Words(),
        python=python,
        pythons=(f"=={python}" if requires.get("python_full_version") else f"=={python}.*",) if python and python != "*" else (),
    )


def _select(entries: Mapping[str, Any], sources: Mapping[str, str], wanted: Wanted) -> Iterator[Package]:
    first = next(iter(sources.values()), PYPI)
    for name, entry in entries.items():
        if applies(entry.get("markers", ""), wanted.variables):
            yield _package(normal_name(name), entry, sources.get(entry.get("index", ""), first))


def _package(name: str, entry: Mapping[str, Any], registry: str) -> Package:
    version = entry.get("version", "").removeprefix("==")
    extras = tuple(entry.get("extras", ()))
    place = entry.get("path") or entry.get("file") or ""
    if "git" in entry:
        return Package(
            name=name,
            place=NAME,
            origin=From.GIT,
            location=entry["git"].removeprefix("git+"),
            commit=entry.get("ref", ""),
            subdirectory=entry.get("subdirectory", ""),
            extras=extras,
        )
    if "://" in place and not place.startswith("file://"):
        digest = next(iter(entry.get("hashes", ())), "")
        return Package(
            name=name, place=NAME, origin=From.URL, location=place, extras=extras, files=(file_name({"url": place}),), digest=digest
        )
    if place:
        path = posixpath.normpath(place.removeprefix("file://"))
        if path.endswith(ARCHIVES):
            return Package(name=name, place=NAME, origin=From.ARCHIVE, archives=(path,), files=(posixpath.basename(path),))
        return Package(name=name, place=NAME, origin=From.DIRECTORY, location=path, extras=extras)
    return Package(name=name, version=version, place=NAME, location=registry, extras=extras)
