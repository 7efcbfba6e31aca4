"""Dockerfiles in directories, with what lies around them."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from optimizer.adapters.files import read_bounded, why_unread
from optimizer.bases.mirror import Mirror
from optimizer.dockerfile.parse import decode
from optimizer.errors import ContextError
from optimizer.linting.subjects import DockerfileSubject, IgnoreFile
from optimizer.model.template import SamBuilder

LARGEST = 4 * 1024 * 1024
"""The largest Dockerfile that is read, in bytes."""

_LARGEST_OTHER = 1024 * 1024


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


def read_dockerfile(path: str) -> bytes | None:
    """The bytes of a Dockerfile or an ignore file; None for no file, or one that is too large."""
    return read_bounded(path, LARGEST)


def _ignore(path: str, shown: str, contents: Mapping[str, bytes]) -> IgnoreFile | None:
    data = contents[path] if path in contents else read_bounded(path, _LARGEST_OTHER)
    return None if data is None else IgnoreFile(path=shown, lines=tuple(decode(data).removeprefix("\ufeff").splitlines()))
