"""Requirements that pin one release each by its version and hashes, for one image: what a subset of a lock can be installed from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from optimizer.locks.markers import patch_matters
from optimizer.locks.python import applies
from optimizer.locks.requirement_lines import logical_lines, option, reference
from optimizer.model.python_names import normal_name

_HASH = re.compile(r"\s--hash(?:=|\s+)(?P<digest>[a-z0-9]+:[0-9a-f]+)(?=\s|$)")
_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*\(?={2,3}\s*(?P<version>[^\s;,*)]+)\)?\s*(?:;\s*(?P<marker>.+))?"
)
# Where a package comes from, and which of its archives an installer may take.
_KEPT_OPTIONS = ("--index-url", "--extra-index-url", "--find-links", "--only-binary", "--no-binary")
# They say nothing that is not so where everything is pinned and hashed.
_FLAGS = ("--require-hashes", "--pre", "--prefer-binary")
# What an image has there is not known before it runs.
_UNKNOWN = re.compile(r"\bplatform_(?:release|version)\b")


class NotPinned(Exception):
    """Requirements of which no subset can be installed alone: the text says why, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One release: ``name`` is in normal form, ``hashes`` are sorted; ``marker`` is there where an exact Python decides it."""

    name: str
    version: str
    hashes: tuple[str, ...]
    marker: str = ""

    @property
    def requirement(self) -> str:
        """The line of a requirements file."""
        marker = f" ; {self.marker}" if self.marker else ""
        return " ".join([f"{self.name}=={self.version}{marker}", *(f"--hash={digest}" for digest in self.hashes)])


def pins_of(lines: Iterable[str], environment: Mapping[str, str]) -> tuple[Pin, ...]:
    """The pins of requirement lines that hold in the environment, by name, each once.

    Raises :class:`NotPinned` for a line that is not one version with hashes,
    and for a package with two versions.
    """
    found: dict[str, Pin] = {}
    for line in lines:
        pin = _pin(line)
        if pin.marker and not _open(pin.marker, environment):
            if not applies(pin.marker, environment):
                continue
            pin = Pin(name=pin.name, version=pin.version, hashes=pin.hashes)
        other = found.setdefault(pin.name, pin)
        if other.version != pin.version or other.marker != pin.marker:
            raise NotPinned(f"{pin.name} stands there twice, with the versions {other.version} and {pin.version}")
        if other != pin:
            hashes = tuple(sorted({*other.hashes, *pin.hashes}))
            found[pin.name] = Pin(name=pin.name, version=pin.version, hashes=hashes, marker=pin.marker)
    return tuple(found[name] for name in sorted(found))


def _open(marker: str, environment: Mapping[str, str]) -> bool:
    """Whether the exact image decides a marker."""
    return patch_matters(marker, environment) or _UNKNOWN.search(marker) is not None


@lru_cache(maxsize=16384)
def _pin(line: str) -> Pin:
    hashes = tuple(sorted({match["digest"] for match in _HASH.finditer(line)}))
    text = _HASH.sub("", line).strip()
    match = _PIN.fullmatch(text)
    if match is None:
        shown = text if len(text) <= 80 else f"{text[:80]}..."
        raise NotPinned(f'"{shown}" is no package of an index with one exact version')
    name = normal_name(match["name"])
    if not hashes:
        raise NotPinned(f"{name} has no hash")
    return Pin(name=name, version=match["version"], hashes=hashes, marker=(match["marker"] or "").strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLines:
    """Lines of requirements files: ``options`` say where packages come from, ``requirements`` name those of indexes."""

    options: tuple[str, ...]
    requirements: tuple[str, ...]


def file_lines(files: Iterable[str], read: Callable[[str], str]) -> FileLines:
    """The lines of requirements files, without directories, which are first-party packages.

    Raises :class:`NotPinned` for constraints, archives, repositories, and
    options that may change what is installed.
    """
    options: list[str] = []
    requirements: list[str] = []
    for path in files:
        for number, line in logical_lines(read(path)):
            for kind, text in _sorted_line(line, f"{path}:{number}"):
                (options if kind == "option" else requirements).append(text)
    return FileLines(options=tuple(dict.fromkeys(options)), requirements=tuple(requirements))


def _sorted_line(line: str, place: str) -> Iterator[tuple[str, str]]:
    name, value = option(line) or ("", "")
    named = reference(line)
    if name == "--requirement" or line in _FLAGS or (named and named[0] == "directory"):
        return
    if named:
        raise NotPinned(f"{place} names {named[1] or named[3]}, which comes from no index")
    if name in _KEPT_OPTIONS and not (name == "--find-links" and "://" not in value):
        yield "option", f"{name} {value}"
    elif line.startswith("-"):
        raise NotPinned(f'{place} has the option "{name or line.split()[0]}"')
    else:
        yield "requirement", line
