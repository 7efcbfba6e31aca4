"""How reports name files."""

from __future__ import annotations

import os


def shown(path: str) -> str:
    """The path as reports name it: one below the current directory from there, so that a report is the same on every machine.

    What lies elsewhere keeps the name that the user gave.
    """
    if not os.path.isabs(path):
        return path
    normal, here = os.path.normpath(path), os.getcwd()
    if normal == here:
        return os.curdir
    below = os.path.join(here, "")
    return normal.removeprefix(below) if normal.startswith(below) else path
