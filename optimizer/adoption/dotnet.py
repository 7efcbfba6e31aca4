"""Which project of .NET a command builds."""

from __future__ import annotations

import posixpath
import re

from optimizer.adoption.tree import Tree
from optimizer.adoption.walk import Walk
from optimizer.dockerfile.scope import absolute

_PROJECT = re.compile(r".*\.(?:cs|fs|vb)proj|.*\.slnx?")


def project_of(walk: Walk, tree: Tree, word: str, cwd: str) -> tuple[str, str | None] | None:
    """The directory that the step builds, and the project in it, None for the directory's own; None where no project is known.

    ``word`` is the file or the directory that the command names, empty where
    it names none.  Where the project has it at the same place as the stage,
    the directory is that of the working directory, as it is for the command.
    """
    path = absolute(word or ".", cwd)
    if path is None:
        return None
    if _PROJECT.fullmatch(word):
        entry = tree.file(path, walk.kind)
        found = entry.source if entry is not None else None
        own = posixpath.dirname(found) if found else ""
    else:
        found = _directory(walk, tree, path)
        own = found or ""
    if found is None:
        return None
    inside = posixpath.normpath(word or ".")
    if "/" in inside and (found == inside or found.endswith(f"/{inside}")):
        return found.removesuffix(inside).rstrip("/") or ".", inside
    return own or ".", None


def _directory(walk: Walk, tree: Tree, path: str) -> str | None:
    """The directory of the project whose project file stands in a directory; else the one that stands there as a whole."""
    whole = None
    for relative, entry in tree.find(path, walk.kind):
        if entry.source is None:
            continue
        if not entry.directory and "/" not in relative and _PROJECT.fullmatch(entry.source):
            return posixpath.dirname(entry.source) or "."
        if entry.directory and not relative:
            whole = entry.source
    return whole
