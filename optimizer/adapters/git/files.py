"""The files of a project as they were at a commit."""

from __future__ import annotations

import posixpath
import subprocess
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from optimizer.adapters import record
from optimizer.adapters.git.program import GitFailure, environment, git_words
from optimizer.errors import ContextError

_LARGEST = 64 * 1024 * 1024
"""Bytes of a file that is read; lock files of large repositories have some."""

_TYPES = ("blob", "tree", "commit", "tag")
_LINKS = ("dangling", "loop", "notdir", "symlink")


class _Object(NamedTuple):
    type: str = ""
    id: str = ""
    size: int = 0


class GitObjects:
    """Objects of a repository by name, such as ``HEAD:uv.lock``, asked of processes that stay until the end of a ``with``.

    Raises :class:`GitFailure` where git cannot be run, or ends.
    """

    def __init__(self, top: Path) -> None:
        self._headers = _Answers(top, "--batch-check")
        self._contents = _Answers(top, "--batch")
        self._found: dict[str, _Object] = {}

    def __enter__(self) -> GitObjects:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._headers.close()
        self._contents.close()

    def kind(self, name: str) -> _Object:
        """The type of an object, its id and its bytes; all empty where there is none."""
        if name not in self._found:
            self._found[name] = self._headers.header(name)
        return self._found[name]

    def bytes_of(self, name: str) -> bytes:
        """The bytes of a file that is there."""
        return self._contents.read(self._contents.header(name).size)


class _Answers:
    """One process of ``git cat-file``."""

    def __init__(self, top: Path, mode: str) -> None:
        words = git_words(top, "cat-file", mode, "--follow-symlinks")
        record.tell(f"started {record.shown_words(words)}")
        try:
            self._process = subprocess.Popen(  # noqa: S603 - a list of arguments, and no shell
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
            )
        except OSError as error:
            raise GitFailure(f"git cannot be run: {error.strerror}") from None

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def header(self, name: str) -> _Object:
        # A line is a question, so that no name of two lines can be asked for.
        if "\n" in name:
            return _Object()
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(f"{name}\n".encode("utf-8", "surrogateescape"))
            self._process.stdin.flush()
        except OSError as error:
            raise GitFailure(f"git ended: {error.strerror}") from None
        line = self._process.stdout.readline()
        if not line:
            raise GitFailure("git ended before its answer")
        words = line.decode("utf-8", "surrogateescape").rstrip("\n").split(" ")
        if len(words) == 3 and words[1] in _TYPES and words[2].isdigit():
            return _Object(words[1], words[0], int(words[2]))
        if len(words) == 2 and words[0] in _LINKS and words[1].isdigit():
            # Where a link leads that ends nowhere, or outside.
            self.read(int(words[1]))
        return _Object()

    def read(self, size: int) -> bytes:
        assert self._process.stdout is not None
        data = self._process.stdout.read(size + 1)
        if len(data) != size + 1:
            raise GitFailure("git ended before its answer")
        return data[:-1]


class FilesAt:
    """The files of a project at a commit, for readers of manifests.

    ``inside`` is the project's path in the repository, ``root`` what it is called in messages.
    """

    def __init__(self, objects: GitObjects, commit: str, inside: str, root: Path) -> None:
        self._objects = objects
        self._commit = commit
        self._inside = inside
        self.root = root

    def kind(self, path: str) -> str | None:
        """``file``, ``directory``, or None when there is neither."""
        return {"blob": "file", "tree": "directory"}.get(self._objects.kind(self._name(path)).type)

    def read_text(self, path: str) -> str:
        """The text of a file; raises ContextError when it cannot be read as UTF-8."""
        found = self._objects.kind(self._name(path))
        if found.type != "blob" or found.size > _LARGEST:
            raise ContextError(f'"{path}" cannot be read at {self._commit[:12]}', path)
        try:
            return self._objects.bytes_of(self._name(path)).decode("utf-8")
        except UnicodeDecodeError:
            raise ContextError(f'"{path}" is not UTF-8 text at {self._commit[:12]}', path) from None

    def content(self, path: str) -> str:
        """What tells a file or directory from another one: the id of its object; empty for none."""
        return self._objects.kind(self._name(path)).id

    def _name(self, path: str) -> str:
        inside = posixpath.normpath(posixpath.join(self._inside, path))
        return f"{self._commit}:{'' if inside == '.' else inside}"
