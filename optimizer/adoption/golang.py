"""Which package of a Go module a command builds."""

from __future__ import annotations

import posixpath
import re

from optimizer.adoption.tree import Tree, is_below
from optimizer.adoption.walk import Walk
from optimizer.dockerfile.scope import absolute

_MODULE = re.compile(r'^module\s+"?([^\s"]+)', re.MULTILINE)


def package_of(walk: Walk, tree: Tree, word: str, source: str, cwd: str) -> str | None:
    """The package's directory within the source, ``.`` for the source itself; None where the files of the project do not tell it.

    ``word`` is as the command has it: a file, a directory or an import path.
    A Dockerfile may have put files of one directory into another one.
    """
    if word.endswith("..."):
        return None
    if word.endswith(".go"):
        path = absolute(word, cwd)
        entry = tree.file(path, walk.kind) if path else None
        directory = posixpath.dirname(entry.source) or "." if entry is not None and entry.source is not None else None
        return _within(directory, source)
    if not word.startswith((".", "/")):
        module = _MODULE.search(walk.read_text(posixpath.join(source, "go.mod")))
        if module is not None and (word == module[1] or word.startswith(f"{module[1]}/")):
            return posixpath.normpath(word.removeprefix(module[1]).lstrip("/") or ".")
    path = absolute(word, cwd)
    return _within(_source_of(walk, tree, path), source) if path else None


def _source_of(walk: Walk, tree: Tree, path: str) -> str | None:
    """The directory of the project whose Go files stand in a directory; of several, the one that stands there as a whole."""
    files, whole = [], None
    for relative, entry in tree.find(path, walk.kind):
        if entry.source is None:
            continue
        if entry.directory and not relative:
            whole = entry.source
        elif not entry.directory and entry.source.endswith(".go") and "/" not in relative:
            files.append(posixpath.dirname(entry.source) or ".")
    return whole or next(iter(files), None)


def _within(directory: str | None, source: str) -> str | None:
    if directory is None or (source != "." and directory != source and not is_below(directory, source)):
        return None
    return posixpath.normpath(posixpath.relpath(directory, source))
