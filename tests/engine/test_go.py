"""The Go function's own tests, with the builder that builds it, because few machines have Go."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_go_function_passes(registry: str) -> None:
    """In one container, where the tests find what the check has compiled of Go's own library."""
    image = f"{registry}/docker/library/golang:1.25"
    variables = {"CGO_ENABLED": "0", "GOCACHE": "/tmp/cache", "GOTOOLCHAIN": "local"}
    flags = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
    mount = f"type=bind,source={ROOT / 'functions' / 'ingest'},target=/build,readonly"
    argv = [
        "docker",
        "run",
        "--rm",
        "--network",
        "none",
        "--mount",
        mount,
        "--workdir",
        "/build",
        *flags,
        image,
        "sh",
        "-c",
        "go vet ./... && go test ./...",
    ]
    result = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
