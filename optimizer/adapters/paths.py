"""How reports name files."""

from __future__ import annotations

import os


def shown(path: str) -> str:
    """The path as reports name it: an absolute one from the current directory, so that a report is the same on every machine.

    A path on another drive of Windows stays absolute, because it has no other name.
    """
    if not os.path.isabs(path):
        return path
    try:
        return os.path.relpath(path)
    except ValueError:
        return path
