"""The files of a stage, in a directory that stands for its file system."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from pathlib import Path

from optimizer.model.inputs import Input
from optimizer.project.files import Entry, Project


def place_of(root: Path, path: str) -> Path:
    """Where an absolute path of the stage is; never above the root."""
    return root / posixpath.normpath(f"/{path}").lstrip("/")


def copy_inputs(inputs: Iterable[Input], context: Path, root: Path) -> None:
    """Copy inputs out of a build context to where a stage has them, with what is executable.

    Raises :class:`ContextError` for what leaves the context, or cannot be read.
    """
    project = Project(context)
    for item in inputs:
        for entry in project.entries(item.source, item.exclude):
            if item.directory:
                below = entry.path if item.source == "." else posixpath.relpath(entry.path, item.source)
                target = place_of(root, posixpath.join(item.target, below))
            else:
                name = posixpath.basename(item.source) if item.target.endswith("/") else ""
                target = place_of(root, posixpath.join(item.target, name))
            _copy(project, entry, target)


def _copy(project: Project, entry: Entry, target: Path) -> None:
    if entry.mode == "directory":
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    # A later copy replaces a file, also one that is a link.
    target.unlink(missing_ok=True)
    if entry.mode == "symlink":
        target.symlink_to(entry.content)
        return
    with project.opened(entry) as source, target.open("xb") as file:
        for chunk in source.chunks():
            file.write(chunk)
    target.chmod(0o755 if entry.mode == "executable" else 0o644)
