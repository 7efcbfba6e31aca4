"""Where tools of this machine keep what they downloaded."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def cache_directory(name: str, scratch: Path) -> Path:
    """Where downloads are kept from run to run, apart from those of the user's own tools; with the scratch where that cannot be."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    kept = Path(home, "lambda-image-optimizer", name)
    try:
        kept.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=kept):
            return kept
    except OSError:
        return scratch / "cache"
