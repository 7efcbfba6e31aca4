"""The very Python of the stand-in base images, on this machine: what a runner has that installs Python by its exact version."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.engine import standins
from tests.patience import PATIENCE_S


def exact_python(registry: str, directory: Path) -> Path:
    """Put that Python below the directory; gives the directory to put on PATH."""
    image = f"{registry}/{standins.IMAGES['python']}"
    subprocess.run(["docker", "pull", "--quiet", image], capture_output=True, check=True, timeout=PATIENCE_S)
    container = subprocess.run(
        ["docker", "create", image, "x"], capture_output=True, text=True, check=True, timeout=PATIENCE_S
    ).stdout.strip()
    try:
        for path in ("usr/bin/python3.13", "usr/lib/python3.13"):
            target = directory / Path(path).parent
            target.mkdir(parents=True, exist_ok=True)
            subprocess.run(["docker", "cp", "--quiet", f"{container}:/{path}", str(target)], check=True, timeout=PATIENCE_S)
    finally:
        subprocess.run(["docker", "rm", container], capture_output=True, check=False, timeout=PATIENCE_S)
    return directory / "usr" / "bin"
