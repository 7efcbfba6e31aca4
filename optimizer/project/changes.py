"""Which inputs a change of a file would change, without a look into any file.

A path may be that of a file or a directory, of one that is gone, or of one that
is not there yet.  Links above the last name of a path are followed, as they are
when an input is read; the last name is a link's own, so that what changes is
where it points.
"""

from __future__ import annotations

import os

from optimizer.model.ignore import IgnorePatterns
from optimizer.model.inputs import Input
from optimizer.project.files import Project


def project_path(project: Project, path: str) -> str:
    """The path relative to the project's root, with slashes; it starts with ``..`` where it is outside of that."""
    absolute = os.path.abspath(path)
    real = os.path.join(os.path.realpath(os.path.dirname(absolute)), os.path.basename(absolute))
    return _relative(real, str(project.root))


def changes_input(project: Project, item: Input, path: str) -> bool:
    """Whether the content of an input is another one after everything at the path has changed.

    ``path`` is one of :func:`project_path`.  Raises :class:`ContextError` for
    an input that cannot be read.
    """
    if _is_or_leads_to(path, item.source):
        return not item.directory or bool(project.modes(item.source, item.exclude))
    real = _relative(os.path.realpath(project.root / item.source), str(project.root))
    if _is_or_leads_to(path, real):
        return not item.directory or bool(project.modes(item.source, item.exclude))
    if not item.directory or not _is_or_leads_to(real, path):
        return False
    below = path if real == "." else path[len(real) + 1 :]
    if not os.path.lexists(project.root / path):
        return not IgnorePatterns.parse(item.exclude).ignores(below)
    inside = below if item.source == "." else f"{item.source}/{below}"
    return any(found == inside or found.startswith(f"{inside}/") for found in project.modes(item.source, item.exclude))


def _is_or_leads_to(path: str, other: str) -> bool:
    """Whether the other path is that path, or stands below it."""
    return path in (".", other) or other.startswith(f"{path}/")


def _relative(path: str, root: str) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")
