"""Locks of npm, as it writes them where nothing is set: a user's setting that leaves addresses out doubles what every installation asks for."""

from __future__ import annotations

import subprocess
from pathlib import Path

COMMAND = (
    "npm",
    "install",
    "--package-lock-only",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--omit-lockfile-registry-resolved=false",
)


def write_lock(directory: Path, *options: str) -> None:
    """Lock what package.json of a directory names, and packages among ``options``; installs nothing."""
    subprocess.run([*COMMAND, *options], cwd=directory, check=True, capture_output=True, timeout=300)
