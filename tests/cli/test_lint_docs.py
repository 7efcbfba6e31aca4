"""docs/lint.md: its commands over the corpus are run, and answer what the page shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n\$ optimizer (lint tests/linting/corpus/.*?)\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("command", "shown"), BLOCKS, ids=[command for command, _ in BLOCKS])
def test_the_page_shows_what_the_command_says(command: str, shown: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "PRE_COMMIT")}
    argv = [sys.executable, "-m", "optimizer", *shlex.split(command)]
    assert subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False).stdout == shown


def test_both_are_shown() -> None:
    assert len(BLOCKS) == 2
