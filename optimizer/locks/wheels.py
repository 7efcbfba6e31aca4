"""Which Python packages of a lock have a wheel for a platform.

uv.lock and poetry.lock list the files of every package, so it is known before
a build which packages must be compiled.  Requirements files and Pipfile.lock
hold hashes alone, which tell nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from optimizer.bases.catalogue import BaseImage

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Minor version of the C library, which wheels name in their platform tags (PEP 600).
_GLIBC = {"AL2023": 34, "AL2": 26, "AL1": 17}
_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
# The oldest C library that a wheel for the architecture can ask for.
_GLIBC_OLDEST = {"x86_64": 5, "arm64": 17}
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
# uv knows these versions of the C library as targets.
_UV_PLATFORMS = (17, 28, *range(31, 41))


def uv_platform(base: BaseImage, architecture: str) -> str:
    """The target that uv installs for: the newest that it knows and the base's C library can load."""
    glibc = max(version for version in _UV_PLATFORMS if version <= _GLIBC[base.os])
    return f"{_MACHINES[architecture]}-manylinux_2_{glibc}"


def without_wheel(lock: str, text: str, groups: Collection[str], base: BaseImage, architecture: str) -> tuple[str, ...] | None:
    """The packages that have no wheel for the base, as ``name version``, sorted.

    ``lock`` is the name of the lock file, whose ``text`` is read; None when
    that kind of lock does not tell, or cannot be read.
    """
    packages = {"uv.lock": _uv_packages, "poetry.lock": _poetry_packages}.get(lock)
    if packages is None:
        return None
    try:
        data = tomllib.loads(text)
        wanted = dict(packages(data, groups, _environment(base, architecture)))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError):
        # The installer's own message about a damaged lock is better than a guess.
        return None
    supported = frozenset(_tags(base, architecture))
    return tuple(sorted(name for name, wheels in wanted.items() if not any(_fits(wheel, supported) for wheel in wheels)))


def _uv_packages(data: Mapping[str, Any], groups: Collection[str], environment: Mapping[str, str]) -> Iterator[tuple[str, Sequence[str]]]:
    packages: dict[str, list[Mapping[str, Any]]] = {}
    for package in data["package"]:
        packages.setdefault(package["name"], []).append(package)
    members = [package for package in data["package"] if _is_member(package)]
    waiting: list[Mapping[str, Any]] = []
    for member in members:
        waiting += member.get("dependencies", ())
        for group in groups:
            waiting += member.get("dev-dependencies", {}).get(group, ())
    seen: set[str] = set()
    while waiting:
        dependency = waiting.pop()
        name = dependency["name"]
        extras = dependency.get("extra", ())
        if not _applies(dependency.get("marker", ""), environment):
            continue
        for package in packages.get(name, ()):
            for extra in extras:
                waiting += package.get("optional-dependencies", {}).get(extra, ())
            if name not in seen:
                waiting += package.get("dependencies", ())
            if not _is_member(package):
                yield f"{name} {package['version']}", [_file_name(wheel) for wheel in package.get("wheels", ())]
        seen.add(name)


def _is_member(package: Mapping[str, Any]) -> bool:
    return any(key in package["source"] for key in ("virtual", "editable", "directory"))


def _file_name(wheel: Mapping[str, str]) -> str:
    place = wheel.get("url") or wheel.get("path") or wheel.get("filename") or ""
    return unquote(place.rpartition("/")[2])


def _poetry_packages(
    data: Mapping[str, Any], groups: Collection[str], environment: Mapping[str, str]
) -> Iterator[tuple[str, Sequence[str]]]:
    wanted = {"main", *groups}
    for package in data["package"]:
        marker = package.get("markers", "")
        marker = marker if isinstance(marker, str) else ""
        # Locks before Poetry 2 have no groups, so every package counts.
        if wanted & set(package.get("groups", wanted)) and _applies(marker, environment) and not package.get("optional", False):
            yield f"{package['name']} {package['version']}", [file["file"] for file in package["files"]]


def _applies(marker: str, environment: Mapping[str, str]) -> bool:
    from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName

    if not marker:
        return True
    try:
        return Marker(marker).evaluate({**environment})
    except (InvalidMarker, UndefinedEnvironmentName):
        return True


def _environment(base: BaseImage, architecture: str) -> dict[str, str]:
    version = base.runtime.removeprefix("python")
    return {
        "implementation_name": "cpython",
        "implementation_version": f"{version}.0",
        "os_name": "posix",
        "platform_machine": _MACHINES[architecture],
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{version}.0",
        "python_version": version,
        "sys_platform": "linux",
        "extra": "",
    }


def _tags(base: BaseImage, architecture: str) -> Iterable[str]:
    from packaging.tags import compatible_tags, cpython_tags

    major, _, minor = base.runtime.removeprefix("python").partition(".")
    version = (int(major), int(minor))
    machine = _MACHINES[architecture]
    platforms = []
    for glibc in range(_GLIBC[base.os], _GLIBC_OLDEST[architecture] - 1, -1):
        platforms.append(f"manylinux_2_{glibc}_{machine}")
        if glibc in _LEGACY:
            platforms.append(f"{_LEGACY[glibc]}_{machine}")
    platforms.append(f"linux_{machine}")
    yield from map(str, cpython_tags(version, platforms=platforms))
    yield from map(str, compatible_tags(version, f"cp{major}{minor}", platforms))


def _fits(wheel: str, supported: Collection[str]) -> bool:
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    try:
        tags = parse_wheel_filename(wheel)[3]
    except InvalidWheelFilename:
        return False
    return any(str(tag) in supported for tag in tags)
