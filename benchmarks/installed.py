"""The environment of programs as an installation has it: their modules are compiled once, not at every start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
_MODULES = (
    "aws_cdk.aws_lambda",
    "optimizer.adapters.host.makers",
    "optimizer.adapters.registry.client",
    "optimizer.cdk",
    "optimizer.cli.bake",
    "optimizer.cli.pin",
    "optimizer.cli.publish",
    "optimizer.cli.report",
    "optimizer.publishing.publish",
)


def installed(directory: Path) -> Mapping[str, str]:
    """Variables for a Python that runs this project from its source, with its byte-code in the directory, all of it made."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(directory)}
    argv = [sys.executable, "-c", f"import {', '.join(_MODULES)}"]
    subprocess.run(argv, env=environment, check=True, capture_output=True, timeout=300)
    return environment
