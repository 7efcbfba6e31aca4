"""Dockerfiles in directories, with what lies around them."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from optimizer.bases.mirror import Mirror
from optimizer.dockerfile.parse import decode
from optimizer.errors import ContextError
from optimizer.linting.subjects import DockerfileSubject, IgnoreFile
from optimizer.model.template import SamBuilder

LARGEST = 4 * 1024 * 1024
"""The largest Dockerfile that is read, in bytes."""

_LARGEST_OTHER = 1024 * 1024
_NAMES = ("dockerfile", "containerfile")


@dataclass(frozen=True, slots=True)
class ContextDirectory:
    """The files of a directory as the context of a build; nothing is read before it is asked for."""

    root: str

    def names(self, directory: str = "") -> tuple[str, ...] | None:
        """The names in a directory below, sorted, those of directories with a ``/``; None for no directory."""
        path = self._inside(directory)
        if path is None:
            return None
        try:
            with os.scandir(path) as items:
                return tuple(sorted(f"{item.name}/" if item.is_dir(follow_symlinks=False) else item.name for item in items))
        except (OSError, ValueError):
            return None

    def read_text(self, path: str) -> str | None:
        """The text of a file below; None for no file, a large one, or one that is no UTF-8."""
        absolute = self._inside(path)
        data = None if absolute is None else read_bounded(absolute, _LARGEST_OTHER)
        try:
            return None if data is None else data.decode("utf-8")
        except UnicodeDecodeError:
            return None

    def _inside(self, path: str) -> str | None:
        normal = posixpath.normpath(path or ".")
        if normal.startswith(("/", "../")) or normal == "..":
            return None
        return os.path.join(self.root, normal)


def load_dockerfile(
    path: str,
    *,
    context: str | None = None,
    shown: str | None = None,
    mirror: Mirror = Mirror(),  # noqa: B008 - an immutable value
    arguments: Mapping[str, str] | None = None,
    architecture: str | None = None,
    target: str | None = None,
    contents: Mapping[str, bytes] = MappingProxyType({}),
    sam: SamBuilder | None = None,
) -> DockerfileSubject:
    """The Dockerfile with its ignore files.

    ``context`` is the directory of the build context, by default its own;
    ``shown`` the path that the user knows it by.  ``contents`` are the bytes
    of files that shall be read instead of their own, and ``sam`` is what
    builds an image of a SAM template.  Raises :class:`ContextError` when it
    cannot be read.
    """
    data = contents[path] if path in contents else read_dockerfile(path)
    if data is None:
        raise ContextError(f'"{path}" {why_unread(path, LARGEST)}', path, "name a Dockerfile that is there and can be read")
    directory = (os.path.dirname(path) if context is None else context) or "."
    shown = path if shown is None else shown
    # Of two names of one file, the directory of the context as the user knows it.
    inside = os.path.relpath(path, directory)
    above = os.path.normpath(os.path.join(os.path.dirname(shown), os.path.relpath(directory, os.path.dirname(path) or ".")))
    return DockerfileSubject.of(
        decode(data),
        shown,
        mirror=mirror,
        arguments=arguments,
        architecture=architecture,
        target=target,
        ignore=_ignore(
            os.path.join("" if directory == "." else directory, ".dockerignore"),
            os.path.normpath(os.path.join(above, ".dockerignore")),
            contents,
        ),
        own_ignore=_ignore(f"{path}.dockerignore", f"{shown}.dockerignore", contents),
        context=ContextDirectory(directory),
        inside_context=not inside.startswith(".."),
        sam=sam,
    )


def is_dockerfile(name: str) -> bool:
    """Whether a file of this name is a Dockerfile: ``Dockerfile``, ``Dockerfile.*``, ``*.Dockerfile``, the same with Containerfile."""
    lowered = name.lower()
    if lowered.endswith((".dockerignore", ".containerignore", "~", ".swp", ".orig", ".rej")):
        return False
    return (
        lowered in _NAMES
        or lowered.startswith(tuple(f"{word}." for word in _NAMES))
        or lowered.endswith(tuple(f".{word}" for word in _NAMES))
    )


def read_dockerfile(path: str) -> bytes | None:
    """The bytes of a Dockerfile or an ignore file; None for no file, or one that is too large."""
    return read_bounded(path, LARGEST)


def _ignore(path: str, shown: str, contents: Mapping[str, bytes]) -> IgnoreFile | None:
    data = contents[path] if path in contents else read_bounded(path, _LARGEST_OTHER)
    return None if data is None else IgnoreFile(path=shown, lines=tuple(decode(data).removeprefix("\ufeff").splitlines()))


def why_unread(path: str, most: int) -> str:
    """Why :func:`read_bounded` gave nothing for the path, as the end of a sentence about it."""
    if not os.path.lexists(path):
        return "does not exist"
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        if os.path.islink(path):
            return f'is a link to "{os.readlink(path)}", which does not exist'
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"
    if stat.S_ISDIR(status.st_mode):
        return "is a directory, not a file"
    if not stat.S_ISREG(status.st_mode):
        return "is a pipe or a device, not a file"
    if status.st_size > most:
        return f"is larger than {most // 1024 // 1024} MB"
    return "cannot be read: check its permissions"


def read_bounded(path: str, most: int) -> bytes | None:
    """The bytes of a regular file that is not larger than that."""
    try:
        # A named pipe would never end.
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_size > most:
            return None
        with open(path, "rb") as file:
            return file.read(most + 1)
    except (OSError, ValueError):
        return None
