"""A project on disk, read through paths that cannot leave it."""

from __future__ import annotations

import hashlib
import marshal
import operator
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from optimizer.errors import ContextError, Fault
from optimizer.model.ignore import IgnorePatterns
from optimizer.project.digests import DigestCache, Version
from optimizer.project.parallel import read_files

_CHUNK = 1 << 20
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
# A tree of thousands of files that is wrong in one way has thousands of faults; these tell which way.
_FAULTS_MAX = 20
_WHITEOUT = ".wh."


class Entry(NamedTuple):
    """One entry of a build context.

    ``path`` is relative to the project, with slashes.  ``mode`` is ``file``,
    ``executable``, ``directory`` or ``symlink``; ``content`` is the SHA-256 of
    a file, the text of a symlink, and empty for a directory.
    """

    path: str
    mode: str
    content: str


_File = tuple[str, str, Version]
"""Path, mode and version of a file that a walk has found, and whose content is not looked at yet."""

_path = operator.attrgetter("path")
_place = operator.attrgetter("place")


@dataclass(slots=True)
class _Found:
    """What a walk has found."""

    entries: list[Entry] = field(default_factory=list)
    files: list[_File] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def extend(self, other: _Found) -> None:
        self.entries += other.entries
        self.files += other.files
        self.faults += other.faults

    def drop_bare_directories(self) -> None:
        """Keep of the directories only those above something else."""
        contents = [path for path, _, _ in self.files] + [entry.path for entry in self.entries if entry.mode != "directory"]
        above = directories_above(contents)
        self.entries = [entry for entry in self.entries if entry.mode != "directory" or entry.path in above]

    def version(self, top: str) -> str:
        """A digest over all that was found below the path: another one as soon as a file or a name is."""
        # Version 0 of the form holds values alone, where later ones tell one object from two that are equal.
        return hashlib.sha256(marshal.dumps((top, [tuple(entry) for entry in self.entries], self.files), 0)).hexdigest()


def content_digest(entries: Iterable[tuple[str, str, str]]) -> str:
    """The digest of a content: of relative paths, sorted, each with what else an :class:`Entry` has."""
    text = "".join([f"{path}\0{mode}\0{content}\0" for path, mode, content in entries])
    return hashlib.sha256(text.encode()).hexdigest()


class OpenedFile:
    """A file that was hashed, while it is read; ``size`` is in bytes.

    A context manager, which raises :class:`ContextError` at its end when not
    all was read, or when the file is no longer the one that was hashed.
    """

    # Descriptors, and no generator: Python's file objects ask the system twice as much, of each of thousands of small files.
    def __init__(self, absolute: str, entry: Entry, digests: Mapping[Version, str]) -> None:
        self._descriptor = os.open(absolute, _READ)
        self._entry = entry
        self._digests = digests
        self.size = self._left = os.fstat(self._descriptor).st_size

    def chunks(self) -> Iterator[bytes]:
        """The bytes, never more than ``size`` of them."""
        try:
            while self._left and (chunk := os.read(self._descriptor, min(self._left, _CHUNK))):
                self._left -= len(chunk)
                yield chunk
        except OSError as error:
            raise _gone(self._entry.path, error) from None

    def __enter__(self) -> OpenedFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        version = _version(os.fstat(self._descriptor))
        os.close(self._descriptor)
        if kind is None and (self._left or self._digests.get(version) != self._entry.content):
            path = self._entry.path
            raise ContextError(f'"{path}" changed while it was read', path, "stop the program that writes it, and run again")


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
        self._walks: dict[tuple[str, tuple[str, ...]], _Found] = {}
        self._entries: dict[tuple[str, tuple[str, ...]], tuple[Entry, ...]] = {}
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

    @property
    def asked(self) -> frozenset[str]:
        """The paths of which somebody has asked the kind or the text: what planning looks at, beside the inputs of stages."""
        return frozenset(self._kinds) | frozenset(self._texts)

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
        if key not in self._entries:
            found = self._find(path, key[1])
            faults = found.faults + self._hash(found.files)
            if faults:
                raise ContextError(_first(sorted(faults, key=_place)))
            digests = self._digests
            entries = found.entries + [Entry(path, mode, digests[version]) for path, mode, version in found.files]
            self._entries[key] = tuple(sorted(entries, key=_path))
        return self._entries[key]

    def modes(self, path: str, exclude: Sequence[str] = ()) -> dict[str, str]:
        """The modes of what :meth:`entries` gives, by path, without a look into any file; raises as that does for names and links."""
        found = self._find(path, tuple(exclude))
        if found.faults:
            raise ContextError(_first(found.faults))
        return {path: mode for path, mode, _ in (*found.entries, *found.files)}

    def size_bytes(self, path: str, exclude: Sequence[str] = ()) -> int:
        """The bytes of the files that :meth:`entries` gives, without a look into any; raises as :meth:`modes` does."""
        found = self._find(path, tuple(exclude))
        if found.faults:
            raise ContextError(_first(found.faults))
        return sum(size for _, _, (_, _, size, _, _) in found.files)

    def content(self, path: str, exclude: tuple[str, ...] = ()) -> str:
        """A digest of what :meth:`entries` gives, with names relative to the path; raises as that does."""
        key = (path, exclude)
        if key not in self._contents:
            self._contents[key] = self._content(path, exclude)
        return self._contents[key]

    def _content(self, path: str, exclude: tuple[str, ...]) -> str:
        cache = self._cache
        found = self._find(path, exclude) if cache is not None else _Found()
        # Where nothing has changed since another run, the digest of the whole is known without those of the files.
        if cache is not None and found.files and not found.faults and (known := cache.tree(version := found.version(path))):
            return known
        prefix = 0 if path == "." else len(path) + 1
        digest = content_digest([(name[prefix:], mode, content) for name, mode, content in self.entries(path, exclude)])
        if cache is not None and found.files:
            cache.add_tree(version, digest, (file[2] for file in found.files))
        return digest

    def _find(self, path: str, exclude: tuple[str, ...]) -> _Found:
        """What a walk finds, its faults sorted; each walk is made once."""
        key = (path, exclude)
        if key not in self._walks:
            found = _Found()
            top = self._inside(path)
            if top.is_dir():
                self._walk(str(top), path, "", IgnorePatterns.parse(exclude), found)
            elif fault := name_fault(path):
                found.faults.append(fault)
            else:
                self._add_file(str(top), path, os.stat(top), found)
            found.faults.sort(key=_place)
            self._walks[key] = found
        return self._walks[key]

    def opened(self, entry: Entry) -> OpenedFile:
        """A file that :meth:`entries` gave, to be read to its end; KeyError for any other.

        Raises :class:`ContextError` when it cannot be read, and at its end
        when it is no longer the one that was hashed: a copy of other bytes
        would be found under a wrong name for ever.
        """
        try:
            return OpenedFile(self._absolute[entry.path], entry, self._digests)
        except OSError as error:
            raise _gone(entry.path, error) from None

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

    def _walk(self, directory: str, path: str, relative: str, ignore: IgnorePatterns, found: _Found) -> None:
        if relative:
            found.entries.append(Entry(path, "directory", ""))
        try:
            with os.scandir(directory) as scan:
                items = list(scan)
        except OSError as error:
            found.faults.append(_unreadable(path, error))
            return
        before = f"{relative}/" if relative else ""
        before_here = f"{path}/" if path != "." else ""
        for item in items:
            below = before + item.name
            here = before_here + item.name
            is_directory = item.is_dir(follow_symlinks=False)
            if is_directory and item.path == self._output:
                continue
            ignored = ignore.ignores(below)
            if ignored and not (is_directory and ignore.may_take_back):
                continue
            fault = name_fault(here)
            if ignored:
                inner = _Found()
                self._walk(item.path, here, below, ignore, inner)
                inner.drop_bare_directories()
                if fault is not None and (inner.entries or inner.files or inner.faults):
                    found.faults.append(fault)
                else:
                    found.extend(inner)
            elif fault is not None:
                found.faults.append(fault)
            elif is_directory:
                self._walk(item.path, here, below, ignore, found)
            else:
                self._add_file_or_link(item, here, below, found)

    def _add_file_or_link(self, item: os.DirEntry[str], path: str, below: str, found: _Found) -> None:
        try:
            if item.is_symlink():
                link = _link(os.readlink(item.path), path, directory_depth=below.count("/"))
                if isinstance(link, Entry):
                    found.entries.append(link)
                else:
                    found.faults.append(link)
            else:
                self._add_file(item.path, path, item.stat(follow_symlinks=False), found)
        except OSError as error:
            found.faults.append(_unreadable(path, error))

    def _add_file(self, absolute: str, path: str, status: os.stat_result, found: _Found) -> None:
        if not stat.S_ISREG(status.st_mode):
            found.faults.append(Fault(f'"{path}" is neither a file, a directory nor a link', path, "exclude it"))
            return
        self._absolute[path] = absolute
        found.files.append((path, "executable" if status.st_mode & 0o111 else "file", _version(status)))

    def _hash(self, files: Sequence[_File]) -> list[Fault]:
        """Learn the digests of the files, from this run, from the cache, and else from their bytes; gives the faults of those that it cannot read."""
        unknown = {version: path for path, _, version in files if version not in self._digests}
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
        descriptor = os.open(absolute, _READ)
        try:
            digest = hashlib.sha256()
            while chunk := os.read(descriptor, _CHUNK):
                digest.update(chunk)
            return digest.hexdigest()
        finally:
            os.close(descriptor)
    except OSError as error:
        return _unreadable(path, error)


def _gone(path: str, error: OSError) -> ContextError:
    return ContextError(f'"{path}" cannot be read: {error.strerror}', path, "restore the file, and run again")


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


def directories_above(paths: Iterable[str]) -> set[str]:
    """All directories in which the relative paths stand."""
    found: set[str] = set()
    for path in paths:
        # Where one is known, all above it are.
        while (path := path.rpartition("/")[0]) and path not in found:
            found.add(path)
    return found
