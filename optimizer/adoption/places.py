"""Where the paths of an old image are in the new one."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from optimizer.adoption.tree import is_below
from optimizer.adoption.walk import TASK
from optimizer.model.fields import TARGET_ROOTS


@dataclass(frozen=True, slots=True)
class Places:
    """``work`` is the working directory of the old image; what stands there moves to the task root unless a step may leave it."""

    work: str

    @property
    def moves(self) -> bool:
        """Whether the working directory becomes the task root."""
        return self.work != "/" and not allowed(self.work)

    def now(self, path: str) -> str:
        """Where a path of the old image is now."""
        if self.moves and (path == self.work or is_below(path, self.work)):
            return posixpath.normpath(posixpath.join(TASK, posixpath.relpath(path, self.work)))
        return path


def allowed(path: str) -> bool:
    """Whether a step may put something there."""
    return any(path == root or is_below(path, root) for root in TARGET_ROOTS)
