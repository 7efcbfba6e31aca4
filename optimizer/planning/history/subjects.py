"""What of an app has a past: its images with their plans, and the files of the project as they were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from optimizer.locks.files import ProjectFiles
from optimizer.planning.document import KeptPlan


class PastFiles(ProjectFiles, Protocol):
    """The files of the project at a commit."""

    def content(self, path: str) -> str:
        """What tells a file or directory from another one; empty for none.  Cheap."""


FilesAt = Callable[[str], PastFiles]
"""From a commit to the files of the project as they were at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image of an app.

    ``name`` is that of its function or specification.  ``spec`` is the path of
    the specification in the project; empty where a program declares it, whose
    past says nothing of its steps.
    """

    name: str
    kept: KeptPlan
    spec: str = ""
