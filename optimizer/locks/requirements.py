"""Reading requirements files, with everything that they include.

Source: https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit, urlunsplit

from optimizer.errors import ContextError
from optimizer.locks.files import ProjectFiles, directory_of, joined, leaves
from optimizer.locks.local import Local, LocalKind
from optimizer.locks.python import From, Package, file_name, sorted_packages
from optimizer.locks.requirement_lines import logical_lines, option, reference
from optimizer.model.python_names import normal_name
from optimizer.model.secrecy import URL_WITH_PASSWORD

_INCLUDES = ("--requirement", "--constraint")
# pip and uv replace these alone: https://pip.pypa.io/en/stable/reference/requirements-file-format/#using-environment-variables
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")

_FILE_URL = re.compile(r"^file:(//)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """A requirements file and what it includes; all paths are relative to the project.

    ``files`` are all of them, the first one first.  ``find_links`` are the
    directories and archives that its options name.  ``variables`` are the
    names of environment variables, with the place of each.  ``other_vcs`` are
    references to repositories of other programs than Git, with their places.
    ``only_pip`` is the place of the first line that pip reads and uv does not,
    empty without one.  ``passwords`` are the places of URLs with a password.
    """

    files: tuple[str, ...]
    packages: tuple[Package, ...]
    find_links: tuple[Local, ...]
    includes: tuple[Local, ...]
    variables: tuple[tuple[str, str], ...]
    other_vcs: tuple[tuple[str, str], ...]
    hashed: bool
    only_pip: str
    passwords: tuple[str, ...]

    @property
    def names_files(self) -> bool:
        """Whether the file names something beside registries, other requirements files and URLs."""
        return bool(self.find_links) or any(package.origin is not From.URL for package in self.packages)


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    option: tuple[str, str] | None
    reference: tuple[str, str, str, str] | None


def read_requirements(path: str, read: Callable[[str], str], kind: Callable[[str], str | None]) -> Requirements:
    """The file at a path of the project; ``read`` gives a file's text, ``kind`` what is at a path: ``file``, ``directory`` or None."""
    files: list[str] = []
    packages: list[Package] = []
    find_links: list[Local] = []
    includes: list[Local] = []
    variables: list[tuple[str, str]] = []
    other_vcs: list[tuple[str, str]] = []
    passwords: list[str] = []
    hashed, only_pip = False, ""
    waiting = [path]
    while waiting:
        current = waiting.pop(0)
        if current in files or kind(current) != "file":
            continue
        files.append(current)
        text = read(current)
        for line in _lines(text):
            place = f"{current}:{line.number}"
            hashed = hashed or "--hash=" in line.text or "--hash " in line.text
            passwords += [place for match in URL_WITH_PASSWORD.finditer(line.text) if "${" not in match[0]][:1]
            variables += [(name, place) for name in _VARIABLE.findall(line.text)]
            if line.option and line.option[0] in _INCLUDES and "://" not in line.option[1]:
                target = posixpath.normpath(posixpath.join(posixpath.dirname(current), line.option[1]))
                includes.append(Local(kind=LocalKind.FILE, path=target, place=place))
                waiting.append(target)
                only_pip = only_pip or ("" if _read_by_uv(text, line) else place)
            elif line.option and line.option[0] == "--find-links" and "://" not in _FILE_URL.sub("", line.option[1]):
                target = _located(current, _FILE_URL.sub("", line.option[1]), kind)
                archive = kind(target) == "file"
                find_links.append(Local(kind=LocalKind.ARCHIVE if archive else LocalKind.DIRECTORY, path=target, place=place))
            elif line.reference:
                package = _package(line.reference, current, place, kind)
                if package is None:
                    other_vcs.append((line.reference[3], place))
                else:
                    packages.append(package)
    return Requirements(
        files=tuple(files),
        packages=sorted_packages(packages),
        find_links=tuple(dict.fromkeys(find_links)),
        includes=tuple(includes),
        variables=tuple(dict.fromkeys(variables)),
        other_vcs=tuple(other_vcs),
        hashed=hashed,
        only_pip=only_pip,
        passwords=tuple(passwords),
    )


@lru_cache(maxsize=64)
def _lines(text: str) -> tuple[_Line, ...]:
    return tuple(_Line(number, line, option(line), reference(line)) for number, line in logical_lines(text))


def _read_by_uv(text: str, line: _Line) -> bool:
    """Whether uv reads an include, which it wants on one line, with a blank or an equals sign after the option."""
    raw = text.removeprefix("\ufeff").splitlines()[line.number - 1].strip()
    return re.match(r"(?:-[rc]|--(?:requirement|constraint))(?:\s|=)", raw) is not None and not raw.endswith("\\")


def _located(current: str, path: str, kind: Callable[[str], str | None]) -> str:
    """The path in the project: beside the file where it is there, else as tools read it when they run in the project's root."""
    if path.startswith("/"):
        return path
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(current), path))
    from_root = posixpath.normpath(path)
    return from_root if kind(beside) is None and kind(from_root) is not None else beside


def _package(found: tuple[str, str, str, str], current: str, place: str, kind: Callable[[str], str | None]) -> Package | None:
    """What a line names; None for a repository of another program than Git."""
    what, name, words, target = found
    name = normal_name(name)
    extras = tuple(word.strip() for word in words.split(",") if word.strip())
    if what == "vcs":
        return _repository(name, extras, target, place)
    if what == "url":
        return Package(name=name, place=place, origin=From.URL, location=target, extras=extras, files=(file_name({"url": target}),))
    path = _located(current, target, kind)
    if what == "archive":
        return Package(name=name, place=place, origin=From.ARCHIVE, archives=(path,), extras=extras, files=(posixpath.basename(path),))
    return Package(name=name, place=place, origin=From.DIRECTORY, location=path, extras=extras)


def _repository(name: str, extras: tuple[str, ...], target: str, place: str) -> Package | None:
    program, _, url = target.partition("+")
    if program != "git":
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return Package(name=name, place=place, origin=From.GIT, location=url, extras=extras)
    fragment = parse_qs(parts.fragment)
    head, separator, revision = urlunsplit(parts._replace(fragment="")).rpartition("@")
    # Without a revision, the last @ is that of a user, before the host.
    if not separator or "/" not in head.partition("://")[2]:
        head, revision = urlunsplit(parts._replace(fragment="")), ""
    return Package(
        name=name,
        place=place,
        origin=From.GIT,
        location=head,
        commit=revision,
        subdirectory=fragment.get("subdirectory", [""])[0],
        extras=extras,
        lfs=fragment.get("lfs") == ["true"],
    )


def lock_files(path: str, files: ProjectFiles) -> tuple[str, ...]:
    """The files of the project that decide which packages a lock of Python names: those that it includes, or the manifest beside it."""
    if not path.endswith((".txt", ".in")):
        return (path, joined(directory_of(path), "pyproject.toml"))
    try:
        found = read_requirements(path, files.read_text, lambda other: None if leaves(other) else files.kind(other))
    except ContextError:
        return (path,)
    return found.files or (path,)


def local_of(requirements: Requirements) -> Iterator[Local]:
    """Everything that the files name in the project."""
    yield from requirements.includes
    yield from requirements.find_links
    for package in requirements.packages:
        yield from package.local()
