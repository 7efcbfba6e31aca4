"""What is installed beside the optimizer, without what lies where it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def installed_only() -> Iterator[tuple[str, ...]]:
    """The paths of installed packages, as those that imports search: without the directory that ``python -m`` puts first."""
    first = sys.path[0] if sys.path else None
    here = first in ("", os.getcwd()) and not getattr(sys.flags, "safe_path", False)
    if here:
        sys.path.pop(0)
    try:
        yield tuple(sys.path)
    finally:
        if here and first is not None:
            sys.path.insert(0, first)
