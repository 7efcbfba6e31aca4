"""What a lock file or a manifest names in the project, beside the packages of registries.

A tool that installs from a lock needs more than the lock: the members of a
workspace, packages at a path, archives, patches, included files.  Each reader
of a lock lists them as :class:`Local` values, and planning refuses a step
that names one which is in no stage's inputs.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterator
from dataclasses import dataclass


class LocalKind(enum.Enum):
    """What stands at the path."""

    PACKAGE = "package"
    """A directory with a package of its own: a workspace member, a path dependency."""

    ARCHIVE = "archive"
    """A built package: a wheel, a tarball, a gem."""

    DIRECTORY = "directory"
    """A directory of archives, such as pip's ``--find-links``."""

    FILE = "file"
    """A file that the tool reads: an included list, a patch, a hook."""

    @property
    def on_disk(self) -> str:
        """``file`` or ``directory``."""
        return "directory" if self in (LocalKind.PACKAGE, LocalKind.DIRECTORY) else "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """One file or directory of the project that a lock or a manifest names.

    ``path`` is relative to the project, in normal form; it starts with ``../``
    where the lock leads out of the project.  ``place`` is what names it, as
    ``file`` or ``file:line``.  ``name`` is that of the package, empty where
    there is none.
    """

    kind: LocalKind
    path: str
    place: str
    name: str = ""

    @property
    def title(self) -> str:
        """For messages: the package and its path, or the path alone."""
        return f'"{self.name}" at "{self.path}"' if self.name else f'"{self.path}"'

    @property
    def outside(self) -> bool:
        """Whether the path leaves the project."""
        return self.path == ".." or self.path.startswith(("../", "/"))

    def within(self, directories: Collection[str], files: Collection[str]) -> bool:
        """Whether one of the directories holds it, or it is one of the files."""
        return self.path in files or any(above in directories for above in _above(self.path))


def _above(path: str) -> Iterator[str]:
    """The path and every directory above it; ``.`` last."""
    while path and path != ".":
        yield path
        path = path.rpartition("/")[0]
    yield "."
