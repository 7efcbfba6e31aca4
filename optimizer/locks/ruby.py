"""What Gemfile.lock and Gemfile name: gems at a path and from git, platforms, the Ruby version, and files that the Gemfile reads.

Source: https://bundler.io/man/gemfile.5.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from optimizer.locks.files import ProjectFiles, directory_of, is_file, joined
from optimizer.locks.local import Local, LocalKind

_STRING = r"""(?:"[^"\n]*"|'[^'\n]*')"""
_COMMENT = re.compile(rf"({_STRING})|#[^\n]*")
_EVAL = re.compile(rf"^\s*eval_gemfile\s*\(?\s*({_STRING})", re.MULTILINE)
_RUBY_FILE = re.compile(rf"^\s*ruby\s*\(?\s*(?:file:\s*|:file\s*=>\s*|File\.read\s*\(?\s*)({_STRING})", re.MULTILINE)
_RUBY = re.compile(rf"^\s*ruby\s*\(?\s*({_STRING}(?:\s*,\s*{_STRING})*)", re.MULTILINE)
_SPEC = re.compile(r"^ {4}(\S+) \(", re.MULTILINE)
_REQUIREMENT = re.compile(r"(=|!=|>=|<=|>|<|~>)?\s*v?(\d+(?:\.\d+)*)$")


@dataclass(frozen=True, slots=True)
class GemSource:
    """A section of the lock: ``PATH``, ``GIT`` or ``GEM``, with its remote and the names of its gems."""

    kind: str
    remote: str
    gems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GemfileLock:
    """Gemfile.lock, as far as it says where gems come from and which platforms they are locked for."""

    sources: tuple[GemSource, ...]
    platforms: tuple[str, ...]

    def of(self, kind: str) -> tuple[GemSource, ...]:
        """The sections of a kind."""
        return tuple(source for source in self.sources if source.kind == kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gemfile:
    """A Gemfile with the ones that it evaluates.

    ``files`` are the files that it reads beside itself, in the order of
    reading; ``ruby`` are pairs of a file and the requirements on the version
    of Ruby in it.
    """

    files: tuple[Local, ...]
    ruby: tuple[tuple[str, tuple[str, ...]], ...]


def parse_lock(text: str) -> GemfileLock:
    """The lock of the text; other text is left out."""
    sources = []
    platforms: list[str] = []
    for section in re.split(r"\n(?=\S)", text):
        kind, _, body = section.partition("\n")
        if kind.strip() in ("PATH", "GIT", "GEM"):
            remote = re.search(r"^  remote: (.*)$", body, re.MULTILINE)
            sources.append(GemSource(kind.strip(), remote.group(1).strip() if remote else "", tuple(_SPEC.findall(body))))
        elif kind.strip() == "PLATFORMS":
            platforms = body.split()
    return GemfileLock(tuple(sources), tuple(platforms))


def path_gems(lock: GemfileLock, path: str) -> Iterator[Local]:
    """The gems at a path that the lock at ``path`` names."""
    for source in lock.of("PATH"):
        place = source.remote if source.remote.startswith("/") else joined(directory_of(path), source.remote)
        yield Local(kind=LocalKind.PACKAGE, path=place, place=path, name=", ".join(source.gems))


def read_gemfile(files: ProjectFiles, path: str) -> Gemfile:
    """The Gemfile at a path."""
    found: dict[Local, None] = {}
    ruby: list[tuple[str, tuple[str, ...]]] = []
    _read(files, path, found, ruby)
    return Gemfile(files=tuple(found), ruby=tuple(ruby))


def supports(platforms: Sequence[str], machine: str) -> bool:
    """Whether a lock for these platforms installs on Linux with the GNU C library; ``machine`` is ``x86_64`` or ``aarch64``.

    Bundler refuses a lock without any platform as well.
    """
    return any(platform in ("ruby", f"{machine}-linux", f"{machine}-linux-gnu") for platform in platforms)


def allows(requirements: Iterable[str], minor: str) -> bool:
    """Whether some release of a minor version of Ruby, such as ``3.4``, meets requirements as RubyGems reads them."""
    wanted = [match.groups() for word in requirements if (match := _REQUIREMENT.match(word.strip()))]
    series = tuple(map(int, minor.split(".")))
    return any(all(_meets((*series, patch), operator or "=", _numbers(version)) for operator, version in wanted) for patch in range(100))


def _meets(version: tuple[int, ...], operator: str, wanted: tuple[int, ...]) -> bool:
    width = max(len(version), len(wanted))
    one, other = (numbers + (0,) * (width - len(numbers)) for numbers in (version, wanted))
    if operator == "~>":
        return one >= other and version[: len(wanted) - 1] == wanted[:-1]
    return {"=": one == other, "!=": one != other, ">=": one >= other, "<=": one <= other, ">": one > other, "<": one < other}[operator]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _read(files: ProjectFiles, path: str, found: dict[Local, None], ruby: list[tuple[str, tuple[str, ...]]]) -> None:
    text = _COMMENT.sub(lambda match: match.group(1) or "", files.read_text(path))
    for word in _RUBY_FILE.findall(text):
        item = Local(kind=LocalKind.FILE, path=joined(directory_of(path), word[1:-1]), place=path)
        found[item] = None
        if is_file(files, item.path):
            ruby.append((item.path, (files.read_text(item.path).strip().removeprefix("ruby-"),)))
    for words in _RUBY.findall(text):
        ruby.append((path, tuple(word[1:-1] for word in re.findall(_STRING, words))))
    for word in _EVAL.findall(text):
        item = Local(kind=LocalKind.FILE, path=joined(directory_of(path), word[1:-1]), place=path)
        if item.path not in {other.path for other in found}:
            found[item] = None
            if is_file(files, item.path):
                _read(files, item.path, found, ruby)
