"""Reading poetry.lock.

Source: https://python-poetry.org/docs/libraries/#lock-file and the locks that Poetry 1.1 to 2.5 wrote.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from optimizer.locks.python import (
    PYPI,
    WHEEL,
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
    sorted_packages,
)
from optimizer.model.python_names import normal_name as normal

NAME = "poetry.lock"
_MAIN = "main"
_DEVELOPMENT = frozenset(
    {"dev", "develop", "development", "test", "tests", "testing", "lint", "linting", "docs", "doc", "typing", "types", "ci"}
)
_CARET = re.compile(r"\^\s*(\d+(?:\.\d+)*)")
_TILDE = re.compile(r"~(?!=)\s*(\d+(?:\.\d+)*)")
_BARE = re.compile(r"\d+(?:\.\d+)*(?:\.\*)?")


@lru_cache(maxsize=32)
def read_poetry_lock(text: str, project: str = "") -> PythonLock:
    """The lock of a text, with the words of the pyproject.toml beside it; raises LockFault."""
    data = parse_toml(text)
    declared = parse_toml(project)
    return shaped(lambda: _lock(data, declared), "poetry writes")


def _lock(data: Mapping[str, Any], declared: Mapping[str, Any]) -> PythonLock:
    packages = data.get("package", [])
    poetry = declared.get("tool", {}).get("poetry", {})
    groups = {group for package in packages for group in package.get("groups", ())} | {*poetry.get("group", {})}
    groups |= {*declared.get("dependency-groups", {}), *(("dev",) if "dev-dependencies" in poetry else ())}
    # Poetry 2 writes normal forms into the lock, and pyproject.toml has the names as people wrote them.
    extras = {normal(name): packages_of for name, packages_of in data.get("extras", {}).items()}
    declared_extras = {*poetry.get("extras", {}), *declared.get("project", {}).get("optional-dependencies", {})}
    python = data.get("metadata", {}).get("python-versions", "")
    optional = {name for name, group in poetry.get("group", {}).items() if group.get("optional", False)}
    defaults = {*poetry.get("group", {}), *declared.get("dependency-groups", {})} - optional - {_MAIN, *_DEVELOPMENT}
    words = Words(
        defaults=frozenset(map(normal, defaults)),
        groups=frozenset(map(normal, groups - {_MAIN})),
        extras=frozenset(map(normal, {*extras, *declared_extras})),
    )

    @lru_cache(maxsize=8)
    def select(wanted: Wanted) -> tuple[Package, ...]:
        return shaped(lambda: sorted_packages(_select(packages, extras, wanted)), "poetry writes")

    return PythonLock(select=select, words=lambda package: words, python=python, pythons=_specifiers(python))


def _select(packages: list[Mapping[str, Any]], extras: Mapping[str, list[str]], wanted: Wanted) -> Iterator[Package]:
    groups = {_MAIN, *wanted.words}
    chosen = {normal(re.split(r"[\s\[(<>=!~;]", name)[0]) for word in wanted.words for name in extras.get(word, ())}
    for package in packages:
        # Locks before Poetry 2 have no groups, so every package counts.
        named = {group for group in package.get("groups", groups) if normal(group) in groups}
        optional = package.get("optional", False) and normal(package["name"]) not in chosen
        if not named or (optional and not _by_extra(package, wanted)):
            continue
        if any(_holds(package.get("markers", ""), group, wanted) for group in named):
            yield _package(package)


def _by_extra(package: Mapping[str, Any], wanted: Wanted) -> bool:
    """Whether an optional package's own marker names one of the wanted extras, as that of an extra's dependency does."""
    markers = package.get("markers", "")
    texts = markers.values() if isinstance(markers, Mapping) else (markers,)
    return any(re.search(rf"""extra == ["']{re.escape(word)}["']""", text) for text in texts for word in wanted.words)


def _holds(markers: str | Mapping[str, str], group: str, wanted: Wanted) -> bool:
    """Whether the marker of a package, which may have one for each group, holds with one of the extras or none."""
    marker = markers.get(group, "") if isinstance(markers, Mapping) else markers
    return any(applies(marker, {**wanted.variables, "extra": word}) for word in ("", *wanted.words))


def _package(package: Mapping[str, Any]) -> Package:
    name, version = normal(package["name"]), package["version"]
    source: Mapping[str, str] = package.get("source", {})
    files = tuple(file_name(file) for file in package.get("files", ()))
    url = source.get("url", "")
    match source.get("type", "legacy"):
        case "directory":
            return Package(name=name, version=version, place=NAME, origin=From.DIRECTORY, location=posixpath.normpath(url))
        case "file":
            path = posixpath.normpath(url)
            return Package(name=name, version=version, place=NAME, origin=From.ARCHIVE, archives=(path,), files=(posixpath.basename(path),))
        case "git":
            commit, subdirectory = source.get("resolved_reference", ""), source.get("subdirectory", "")
            return Package(name=name, version=version, place=NAME, origin=From.GIT, location=url, commit=commit, subdirectory=subdirectory)
        case "url":
            return Package(name=name, version=version, place=NAME, origin=From.URL, location=url, files=(file_name(source),))
        case _:
            return Package(
                name=name,
                version=version,
                place=NAME,
                location=index_url(url or PYPI),
                files=files,
                buildable=not all(name.endswith(WHEEL) for name in files),
            )


def _specifiers(text: str) -> tuple[str, ...]:
    """Poetry's words for versions as alternatives of standard ones; empty where they say nothing that is known.

    Source: https://python-poetry.org/docs/dependency-specification/#version-constraints
    """
    if text in ("", "*"):
        return ()
    return tuple(_conjunction(part) for part in re.split(r"\s*\|\|?\s*", text.strip()))


def _conjunction(text: str) -> str:
    text = _CARET.sub(lambda match: _between(match[1], _caret_end(match[1])), text)
    text = _TILDE.sub(lambda match: _between(match[1], _next(match[1], min(1, match[1].count(".")))), text)
    words = [word for word in re.split(r"\s*,\s*|\s+(?=[<>=!~\d])", text) if word and word != "*"]
    return ",".join(f"=={word}" if _BARE.fullmatch(word) else word.replace(" ", "") for word in words)


def _between(start: str, end: str) -> str:
    return f">={start},<{end}"


def _caret_end(version: str) -> str:
    """The first version that differs in the left-most number that is not zero."""
    numbers = version.split(".")
    position = next((index for index, number in enumerate(numbers) if int(number)), len(numbers) - 1)
    return _next(version, position)


def _next(version: str, position: int) -> str:
    numbers = [int(number) for number in version.split(".")][: position + 1]
    return ".".join(map(str, [*numbers[:-1], numbers[-1] + 1]))
