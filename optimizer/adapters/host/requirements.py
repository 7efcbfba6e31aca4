"""Requirements as uv may install them on this machine: in a form in which no line makes it build anything.

uv's ``--only-binary :all:`` does not stand above the lines of a file: with
``--no-binary NAME`` it builds NAME all the same, and an editable package, too.
So the file is written anew, and of it only lines of known kinds.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from optimizer.adapters.host.tree import Obstacle
from optimizer.locks.python import WHEEL
from optimizer.locks.requirement_lines import logical_lines, option

_HASH = re.compile(r"\s--hash(?:=|\s+)(?P<digest>[a-z0-9]+:[0-9a-f]+)(?=\s|$)")
_INDEXES = ("--index-url", "--extra-index-url", "--find-links")
# They say nothing that the command does not, or loosen nothing.
_FLAGS = ("--no-index", "--require-hashes", "--pre", "--prefer-binary")


@dataclass(slots=True)
class Written:
    """What was written: ``markers`` are those of all requirements."""

    lines: list[str] = field(default_factory=list)
    markers: list[str] = field(default_factory=list)


def write_requirements(source: Path, target: Path, project: Path) -> Written:
    """Write the requirements of a file and of what it includes as one file, in one form.

    ``project`` is the directory below which all files are that it may name.  Raises
    :class:`Obstacle` for a line that may have something built, or that is of
    no known kind.
    """
    written = Written()
    for path, line in _lines(source, project, set()):
        _add(line, written, path, project)
    target.write_text("".join(f"{line}\n" for line in written.lines), encoding="utf-8")
    return written


def _lines(path: Path, project: Path, seen: set[Path]) -> Iterator[tuple[Path, str]]:
    path = path.resolve()
    if path in seen:
        return
    seen.add(path)
    if project.resolve() not in path.parents:
        raise Obstacle(f"its requirements include {path.name}, which is outside of the project")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Obstacle(f"{path.name}, which its requirements include, cannot be read") from None
    for _, line in logical_lines(text):
        name, value = option(line) or ("", "")
        if name == "--requirement":
            yield from _lines(path.parent / value, project, seen)
        else:
            yield path, line


def _add(line: str, written: Written, path: Path, project: Path) -> None:
    name, value = option(line) or ("", "")
    if line in _FLAGS:
        written.lines.append(line)
        return
    if name in _INDEXES:
        if name == "--find-links" and "://" not in value:
            value = _below(path.parent / value, project, line)
        written.lines.append(f"{name} {value}")
        return
    if line.startswith("-"):
        raise Obstacle(f'its requirements have the line "{_shown(line)}", with which uv could build something')
    written.lines.append(_requirement(line, written, project))


def _requirement(line: str, written: Written, project: Path) -> str:
    from packaging.requirements import InvalidRequirement, Requirement

    hashes = [match["digest"] for match in _HASH.finditer(line)]
    text = _HASH.sub("", line).strip()
    if text.startswith("file:"):
        # A path alone, which names its package by the name of the archive.
        place, _, marker = text.partition(" ;")
        _check_wheel(place, project, line)
        bare = place + (f" ; {marker.strip()}" if marker else "")
        written.markers += [marker.strip()] if marker else []
        return _hashed(bare, hashes)
    try:
        found = Requirement(text)
    except InvalidRequirement:
        raise Obstacle(f'its requirements have the line "{_shown(line)}", which is no requirement of PEP 508') from None
    if found.url:
        _check_wheel(found.url, project, line)
    if found.marker:
        written.markers.append(str(found.marker))
    extras = f"[{','.join(sorted(found.extras))}]" if found.extras else ""
    what = f" @ {found.url}" if found.url else str(found.specifier)
    return _hashed(f"{found.name}{extras}{what}" + (f" ; {found.marker}" if found.marker else ""), hashes)


def _hashed(requirement: str, hashes: list[str]) -> str:
    return " ".join([requirement, *(f"--hash={digest}" for digest in hashes)])


def _check_wheel(url: str, project: Path, line: str) -> None:
    parts = urlsplit(url)
    if not parts.path.endswith(WHEEL) or parts.scheme not in ("https", "http", "file"):
        raise Obstacle(f'"{_shown(line)}" is no wheel, so it would be built')
    if parts.scheme == "file":
        _below(Path(unquote(parts.path)), project, line)


def _below(path: Path, project: Path, line: str) -> str:
    if project.resolve() not in path.resolve().parents:
        raise Obstacle(f'"{_shown(line)}" is outside of the project')
    return os.path.normpath(path)


def _shown(line: str) -> str:
    text = _HASH.sub("", line)
    return re.sub(r"://[^/@\s]*@", "://***@", text if len(text) < 100 else f"{text[:100]}…")
