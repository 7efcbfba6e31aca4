"""The past of a project: its deployments, and the files that each of them changed."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit; ``committed`` and ``authored`` are seconds since 1970."""

    id: str
    committed: int
    authored: int


@dataclass(frozen=True, slots=True)
class PathChange:
    """A file that differs between two commits; paths are relative to the project, and begin with ``../`` outside of it.

    ``before`` is empty for a file that is new, ``after`` for one that is gone;
    both differ where it was renamed.  ``same`` says that content and mode are the same.
    """

    before: str
    after: str
    same: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What one deployment changed: ``changes`` lead from the commit ``before`` to the commit ``after``; ``day`` is when.

    ``inside`` is the project's path in the repository at the commit ``before``.
    Paths of changes are relative to where the project was at each of the two.
    """

    day: datetime.date
    before: str
    after: str
    changes: tuple[PathChange, ...] = ()
    inside: str = "."


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The deployments of a project, the newest first, up to the commit ``head`` of the day ``day``.

    ``inside`` is the project's path in the repository today, ``.`` for its top, and
    ``top`` that of the repository on this machine.  ``notes`` are sentences about what could not be read, or was read in
    another way than usual.  ``submodules`` are paths of the project, of which only the commit is known.
    """

    head: str
    day: datetime.date
    top: Path = Path()
    inside: str = "."
    deployments: tuple[Deployment, ...] = ()
    notes: tuple[str, ...] = ()
    submodules: tuple[str, ...] = ()

    def inside_at(self, commit: str) -> str:
        """The project's path in the repository at a commit: where a deployment found it, else that of today."""
        return next((each.inside for each in self.deployments if each.before == commit), self.inside)
