"""The Go function's own tests, on machines that have Go; the engine's tests build and invoke the program everywhere else."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "functions" / "ingest"


@pytest.mark.skipif(shutil.which("go") is None, reason="no Go on this machine")
@pytest.mark.parametrize("command", ["vet", "test"])
def test_ingest(command: str, tmp_path: Path) -> None:
    environment = {**os.environ, "GOCACHE": str(tmp_path), "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    result = subprocess.run(["go", command, "./..."], cwd=SOURCE, env=environment, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
