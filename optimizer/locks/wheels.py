"""Which Python packages of a lock have a wheel for a platform.

uv.lock, poetry.lock and pylock.toml list the files of every package, so it is
known before a build which packages must be compiled.  Requirements files and
Pipfile.lock hold only hashes, which say nothing about the platform.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

from optimizer.bases.catalogue import BaseImage
from optimizer.locks.python import Package
from optimizer.model.architectures import BY_NAME

# Minor version of the C library, which wheels name in their platform tags (PEP 600).
_GLIBC = {"AL2023": 34, "AL2": 26, "AL1": 17}
# The oldest C library that a wheel for the architecture can ask for.
_GLIBC_OLDEST = {"x86_64": 5, "arm64": 17}
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
# uv knows these versions of the C library as targets.
_UV_PLATFORMS = (17, 28, *range(31, 41))


def uv_platform(base: BaseImage, architecture: str) -> str:
    """The target that uv installs for: the newest that it knows and the base's C library can load."""
    glibc = max(version for version in _UV_PLATFORMS if version <= _GLIBC[base.os])
    return f"{BY_NAME[architecture].machine}-manylinux_2_{glibc}"


def without_wheel(packages: Iterable[Package], base: BaseImage, architecture: str) -> tuple[str, ...]:
    """The packages that have no wheel for the base, as ``name version``, sorted; those whose files the lock does not name do not count."""
    supported = frozenset(_tags(base, architecture))
    missing = {
        f"{package.name} {package.version}".strip()
        for package in packages
        if package.files is not None and not any(_fits(wheel, supported) for wheel in package.files)
    }
    return tuple(sorted(missing))


def download_bytes(packages: Collection[Package], base: BaseImage, architecture: str) -> int | None:
    """What an installer fetches of the packages for the base, in bytes; None where the lock does not tell the size of each, or one has no wheel."""
    order = {tag: number for number, tag in enumerate(_tags(base, architecture))}
    total = 0
    for package in packages:
        ranked = [
            (min(order[tag] for tag in _tags_of(wheel) if tag in order), size)
            for wheel, size in zip(package.files or (), package.sizes, strict=False)
            if _fits(wheel, order)
        ]
        if not ranked:
            return None
        total += min(ranked)[1]
    return total


def _tags(base: BaseImage, architecture: str) -> Iterable[str]:
    from packaging.tags import compatible_tags, cpython_tags

    major, _, minor = base.runtime.removeprefix("python").partition(".")
    version = (int(major), int(minor))
    machine = BY_NAME[architecture].machine
    platforms = []
    for glibc in range(_GLIBC[base.os], _GLIBC_OLDEST[architecture] - 1, -1):
        platforms.append(f"manylinux_2_{glibc}_{machine}")
        if glibc in _LEGACY:
            platforms.append(f"{_LEGACY[glibc]}_{machine}")
    platforms.append(f"linux_{machine}")
    yield from map(str, cpython_tags(version, platforms=platforms))
    yield from map(str, compatible_tags(version, f"cp{major}{minor}", platforms))


def _fits(wheel: str, supported: Collection[str]) -> bool:
    return any(tag in supported for tag in _tags_of(wheel))


@lru_cache(maxsize=16384)
def _tags_of(wheel: str) -> tuple[str, ...]:
    """The tags in the name of a wheel; none for a file that is not a wheel."""
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    try:
        return tuple(map(str, parse_wheel_filename(wheel)[3]))
    except InvalidWheelFilename:
        return ()
