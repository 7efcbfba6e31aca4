"""Files of the project that a stage reads."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """Files of the project that a stage reads.

    ``source`` is a path relative to the project; ``target`` an absolute path
    in the stage.  The contents of a directory land in the target; a file lands
    at it, or in it when it ends with a slash.  ``exclude`` are patterns in the
    form of .dockerignore, relative to the source.
    """

    source: str
    target: str
    directory: bool
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # One file has one name in a build context: "./go.mod" would stand there beside "go.mod".
        object.__setattr__(self, "source", posixpath.normpath(self.source))
