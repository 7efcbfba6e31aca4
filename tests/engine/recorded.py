"""A ``docker`` that records its calls, so that what one program leaves in the engine is told from what others have there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.patience import PATIENCE_S

_OWN = re.compile(r"optimizer-[a-z]+-[0-9a-f]{16}")
_LISTS = (
    ("container", "ls", "--all", "--format", "{{.Names}}"),
    ("image", "ls", "--format", "{{.Repository}}"),
)


@dataclass(frozen=True)
class RecordedDocker:
    """``directory`` goes in front of the ``PATH`` of the program that is watched."""

    directory: Path

    @classmethod
    def write(cls, directory: Path) -> RecordedDocker:
        directory.mkdir()
        real, program = shutil.which("docker"), directory / "docker"
        assert real is not None
        program.write_text(f'#!/bin/sh\necho "$*" >>{shlex.quote(str(directory / "calls"))}\nexec {real} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        return cls(directory)

    @property
    def path(self) -> str:
        return f"{self.directory}{os.pathsep}{os.environ['PATH']}"

    def names(self) -> set[str]:
        """The random names that were given to the engine so far."""
        calls = self.directory / "calls"
        return set(_OWN.findall(calls.read_text(encoding="utf-8"))) if calls.exists() else set()

    def leftovers(self) -> list[str]:
        """Which containers and images of these names are in the engine."""
        names = self.names()
        return sorted(name for words in _LISTS for name in _listed(words) if name in names)


def _listed(words: Sequence[str]) -> list[str]:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout.split()
