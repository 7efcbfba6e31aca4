"""A project on disk, read through paths that cannot leave it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import NamedTuple

from optimizer.errors import ContextError, Fault
from optimizer.model.ignore import IgnorePatterns
from optimizer.project.digests import DigestCache, Version
from optimizer.project.parallel import read_files

_CHUNK = 1 << 20
# A tree of thousands of files that is wrong in one way has thousands of faults; these tell which way.
_FAULTS_MAX = 20
_WHITEOUT = ".wh."


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a build context.

    ``path`` is relative to the project, with slashes.  ``mode`` is ``file``,
    ``executable``, ``directory`` or ``symlink``; ``content`` is the SHA-256 of
    a file, the text of a symlink, and empty for a directory.
    """

    path: str
    mode: str
    content: str


class _File(NamedTuple):
    """A file that a walk has found, and whose content is not looked at yet."""

    path: str
    mode: str
    version: Version

    def entry(self, digests: Mapping[Version, str]) -> Entry:
        return Entry(self.path, self.mode, digests[self.version])


class OpenedFile:
    """A file of the project while it is read; ``size`` is in bytes, ``left`` what is not read yet."""

    def __init__(self, file: FileIO, size: int) -> None:
        self._file = file
        self.size = size
        self.left = size

    def chunks(self) -> Iterator[bytes]:
        """The bytes, never more than ``size`` of them."""
        while self.left and (chunk := self._file.read(min(self.left, _CHUNK))):
            self.left -= len(chunk)
            yield chunk


class Project:
    """The files under a root directory.

    Each file is hashed at most once per version of it in the life of the
    object, so one project should serve all functions of an app; with a cache,
    once in the life of the cache.  ``output`` is where contexts are written:
    what stands there is no part of the project, or each run would pack the
    contexts of the one before.
    """

    def __init__(self, root: str | Path, cache: DigestCache | None = None, *, output: str | Path | None = None) -> None:
        self._cache = cache
        self._output = os.path.realpath(output) if output is not None else None
        self._absolute: dict[str, str] = {}
        self.root = Path(root).resolve()
        self._root = str(self.root)
        self._digests: dict[Version, str] = {}
        self._walks: dict[tuple[str, tuple[str, ...]], tuple[Entry, ...]] = {}
        self._contents: dict[tuple[str, tuple[str, ...]], str] = {}
        self._kinds: dict[str, str | None] = {}
        self._texts: dict[str, str] = {}

    def kind(self, path: str) -> str | None:
        """``file``, ``directory``, or None when there is neither; links are followed inside the project."""
        if path not in self._kinds:
            self._kinds[path] = self._kind(path)
        return self._kinds[path]

    def read_text(self, path: str) -> str:
        """The text of a file; raises ContextError when it cannot be read as UTF-8."""
        if path not in self._texts:
            try:
                self._texts[path] = self._inside(path).read_text(encoding="utf-8")
            except OSError as error:
                raise ContextError(f'"{path}" cannot be read: {error.strerror}', path, "check the path and its permissions") from None
            except UnicodeDecodeError:
                raise ContextError(f'"{path}" is not UTF-8 text', path, "save the file as UTF-8") from None
        return self._texts[path]

    def read_small(self, path: str, bytes_max: int) -> bytes | None:
        """The bytes of a file; None when it has more than that many, or cannot be read.

        Raises :class:`ContextError` for a path that leaves the project.
        """
        try:
            with self._inside(path).open("rb") as file:
                data = file.read(bytes_max + 1)
        except OSError:
            return None
        return data if len(data) <= bytes_max else None

    def entries(self, path: str, exclude: Sequence[str] = ()) -> tuple[Entry, ...]:
        """The file, or everything below the directory but what the patterns leave out, sorted by path.

        Raises :class:`ContextError` for a path that leaves the project; for
        every link that does, every name that an image cannot hold, everything
        that is neither file, directory nor link, and all that cannot be read:
        one fault each, sorted, the first 20 and how many more there are.
        """
        key = (path, tuple(exclude))
        if key not in self._walks:
            self._walks[key] = self._entries(path, IgnorePatterns.parse(exclude))
        return self._walks[key]

    def _entries(self, path: str, ignore: IgnorePatterns) -> tuple[Entry, ...]:
        top = self._inside(path)
        if top.is_dir():
            found = list(self._walk(str(top), path, "", ignore))
        else:
            found = [name_fault(path) or self._file(str(top), path, os.stat(top))]
        faults = [item for item in found if isinstance(item, Fault)]
        faults += self._hash([item for item in found if isinstance(item, _File)])
        if faults:
            raise ContextError(_first(sorted(faults, key=lambda fault: fault.place)))
        entries = (item.entry(self._digests) if isinstance(item, _File) else item for item in found if not isinstance(item, Fault))
        return tuple(sorted(entries, key=lambda entry: entry.path))

    def content(self, path: str, exclude: tuple[str, ...] = ()) -> str:
        """A digest of what :meth:`entries` gives, with names relative to the path; raises as that does."""
        key = (path, exclude)
        if key not in self._contents:
            digest = hashlib.sha256()
            prefix = 0 if path == "." else len(path) + 1
            for entry in self.entries(path, exclude):
                digest.update(f"{entry.path[prefix:]}\0{entry.mode}\0{entry.content}\0".encode())
            self._contents[key] = digest.hexdigest()
        return self._contents[key]

    @contextlib.contextmanager
    def opened(self, entry: Entry) -> Iterator[OpenedFile]:
        """A file that :meth:`entries` gave, to be read to its end; KeyError for any other.

        Raises :class:`ContextError` when it cannot be read, or is no longer
        the one that was hashed: a copy of other bytes would be found under a
        wrong name for ever.
        """
        try:
            file = open(self._absolute[entry.path], "rb", buffering=0)  # noqa: SIM115 - closed below
        except OSError as error:
            raise ContextError(f'"{entry.path}" cannot be read: {error.strerror}', entry.path, "restore the file, and run again") from None
        with file:
            opened = OpenedFile(file, os.fstat(file.fileno()).st_size)
            yield opened
            if opened.left or self._digests.get(_version(os.fstat(file.fileno()))) != entry.content:
                raise ContextError(
                    f'"{entry.path}" changed while it was read', entry.path, "stop the program that writes it, and run again"
                )

    def _kind(self, path: str) -> str | None:
        try:
            mode = os.stat(self._inside(path)).st_mode
        except (OSError, ValueError):
            return None
        return "directory" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else None

    def _inside(self, path: str) -> Path:
        resolved = Path(os.path.realpath(os.path.join(self._root, path)))
        if resolved != self.root and self.root not in resolved.parents:
            raise ContextError(
                f'"{path}" is a link out of the project "{self.root.name}"', path, "copy the file into the project; links may not leave it"
            )
        return resolved

    def _walk(self, directory: str, path: str, relative: str, ignore: IgnorePatterns) -> Iterator[Entry | _File | Fault]:
        if relative:
            yield Entry(path, "directory", "")
        try:
            with os.scandir(directory) as scan:
                items = list(scan)
        except OSError as error:
            yield _unreadable(path, error)
            return
        for item in items:
            below = f"{relative}/{item.name}" if relative else item.name
            here = f"{path}/{item.name}" if path != "." else item.name
            is_directory = item.is_dir(follow_symlinks=False)
            if is_directory and item.path == self._output:
                continue
            ignored = ignore.ignores(below)
            if ignored and not (is_directory and ignore.may_take_back):
                continue
            fault = name_fault(here)
            if ignored:
                inner = list(_without_bare_directories(list(self._walk(item.path, here, below, ignore))))
                yield from [fault] if fault is not None and inner else inner
            elif fault is not None:
                yield fault
            elif is_directory:
                yield from self._walk(item.path, here, below, ignore)
            else:
                yield self._file_or_link(item, here, below)

    def _file_or_link(self, item: os.DirEntry[str], path: str, below: str) -> Entry | _File | Fault:
        try:
            if item.is_symlink():
                return _link(os.readlink(item.path), path, directory_depth=below.count("/"))
            return self._file(item.path, path, item.stat(follow_symlinks=False))
        except OSError as error:
            return _unreadable(path, error)

    def _file(self, absolute: str, path: str, status: os.stat_result) -> _File | Fault:
        if not stat.S_ISREG(status.st_mode):
            return Fault(f'"{path}" is neither a file, a directory nor a link', path, "exclude it")
        self._absolute[path] = absolute
        return _File(path, "executable" if status.st_mode & 0o111 else "file", _version(status))

    def _hash(self, files: Sequence[_File]) -> list[Fault]:
        """Learn the digests of the files, from this run, from the cache, and else from their bytes; gives the faults of those that it cannot read."""
        unknown = {file.version: file.path for file in files if file.version not in self._digests}
        if self._cache is not None:
            self._digests.update(self._cache.get(unknown))
        unread = {version: path for version, path in unknown.items() if version not in self._digests}
        read = read_files(lambda path: _file_digest(self._absolute[path], path), list(unread.values()))
        results = dict(zip(unread, read, strict=True))
        fresh = {version: result for version, result in results.items() if isinstance(result, str)}
        self._digests.update(fresh)
        if self._cache is not None:
            self._cache.add(fresh)
        return [result for result in results.values() if isinstance(result, Fault)]


def _link(target: str, path: str, directory_depth: int) -> Entry | Fault:
    ups = 0
    depth = directory_depth
    for part in target.split("/"):
        depth += -1 if part == ".." else 0 if part in ("", ".") else 1
        ups = min(ups, depth)
    if os.path.isabs(target) or ups < 0:
        return Fault(
            f'the link "{path}" points to "{target}", outside the directory that is copied',
            path,
            "replace the link by a copy, exclude it, or name a directory that holds both ends",
        )
    return Entry(path, "symlink", target)


def _file_digest(absolute: str, path: str) -> str | Fault:
    try:
        with open(absolute, "rb", buffering=0) as file:
            digest = hashlib.sha256()
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
            return digest.hexdigest()
    except OSError as error:
        return _unreadable(path, error)


def _unreadable(path: str, error: OSError) -> Fault:
    return Fault(f'"{path}" cannot be read: {error.strerror}', path, "check its permissions, or exclude it")


def _version(status: os.stat_result) -> Version:
    # The change time cannot be set back, so an edit in place that keeps size and mtime is seen too.
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def name_fault(path: str) -> Fault | None:
    """The fault of a path whose last part no image can hold; None for any other."""
    name = path.rpartition("/")[2]
    if name.startswith(_WHITEOUT):
        # https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
        return Fault(
            f'the name "{path}" starts with "{_WHITEOUT}", which in a layer deletes "{name.removeprefix(_WHITEOUT)}" instead of adding a file',
            path,
            "rename the file, or exclude it",
        )
    if path.isascii() and path.isprintable():
        return None
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return Fault(f"the name {path!r} is not UTF-8", repr(path), "rename the file, or exclude it")
    if any(ord(character) < 32 or ord(character) == 127 for character in path):
        return Fault(f"the name {path!r} holds a control character", repr(path), "rename the file, or exclude it")
    return None


def _first(faults: Sequence[Fault]) -> list[Fault]:
    """The first faults, and one that counts the rest."""
    rest = len(faults) - _FAULTS_MAX
    if rest <= 0:
        return list(faults)
    return [*faults[:_FAULTS_MAX], Fault(f"and {rest} more {'fault' if rest == 1 else 'faults'} of this kind in the same directory")]


def _without_bare_directories(entries: Sequence[Entry | _File | Fault]) -> Iterator[Entry | _File | Fault]:
    """Of an ignored directory only what was taken back, and the directories above that."""
    kept = [entry for entry in entries if isinstance(entry, _File) or (isinstance(entry, Entry) and entry.mode != "directory")]
    for entry in entries:
        if isinstance(entry, (_File, Fault)) or entry.mode != "directory" or any(other.path.startswith(f"{entry.path}/") for other in kept):
            yield entry
