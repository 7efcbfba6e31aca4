"""Files below a directory."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator

from optimizer.model.directories import ASSEMBLY, GENERATED

_CONTEXT = re.compile(r"asset\.[0-9a-f]{64}")
"""The name of a rendered build context."""


def walk(
    root: str,
    wanted: Callable[[str], bool] = lambda name: True,
    *,
    skipped: Collection[str] = GENERATED,
    without: str | None = None,
) -> Iterator[str]:
    """The files below a directory whose names are wanted; each directory's files sorted, and before those of the directories in it.

    Directories of the names ``skipped`` are left out, virtual environments of
    Python and, below the root, assemblies of CDK whatever their names, rendered
    build contexts, and the directory ``without``.  Links to directories are not followed: they may form
    loops.
    """
    apart = os.path.realpath(without) if without is not None else None
    for directory, below, files in os.walk(root):
        assembly = directory != root and all(name in files for name in ASSEMBLY)
        if skipped and ("pyvenv.cfg" in files or assembly):
            below.clear()
            continue
        below[:] = sorted(name for name in below if name not in skipped and not (skipped and _CONTEXT.fullmatch(name)))
        if apart is not None:
            below[:] = [name for name in below if os.path.realpath(os.path.join(directory, name)) != apart]
        for name in sorted(files):
            if wanted(name):
                yield os.path.join(directory, name)
