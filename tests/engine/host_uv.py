"""uv on this machine, in one version: what a runner has that installs it with pip."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE_S


def installed_uv(version: str, directory: Path) -> Path:
    """Install uv below the directory; gives the directory to put on PATH."""
    options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--target", str(directory))
    subprocess.run([sys.executable, "-m", "pip", "install", *options, f"uv=={version}"], check=True, timeout=PATIENCE_S)
    return directory / "bin"
