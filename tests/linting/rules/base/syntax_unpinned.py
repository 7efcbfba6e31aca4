from __future__ import annotations

from tests.linting.cases import DIGEST, PYTHON, Case, dockerfile

CATCHES: list[Case] = [
    dockerfile(f"# syntax=docker/dockerfile:1\nFROM {PYTHON}", 1, says='"docker/dockerfile:1" has no digest'),
    dockerfile(f"# escape=`\n# Syntax = docker/dockerfile:1 args\nFROM {PYTHON}", 2),
]
PASSES: list[Case] = [
    dockerfile(f"# syntax=docker/dockerfile:1.10@{DIGEST}\nFROM {PYTHON}"),
    dockerfile(f"# escape=`\nFROM {PYTHON}"),
    dockerfile(f"# a comment\n# syntax=docker/dockerfile:1\nFROM {PYTHON}"),
]
