from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base('SHELL ["/bin/bash", "-c"]\nCMD ["app.handler"]', 2, says="no shell runs anything"),
    on_base('RUN true\nSHELL ["/bin/bash", "-c"]\nRUN ["ls"]', 3),
    dockerfile(f'FROM {PYTHON} AS base\nSHELL ["/bin/bash", "-c"]\nFROM base\nCOPY a .', 2),
]
PASSES: list[Case] = [
    on_base('SHELL ["/bin/bash", "-c"]\nRUN set -o pipefail; true'),
    dockerfile(f'FROM {PYTHON} AS base\nSHELL ["/bin/bash", "-c"]\nFROM base\nRUN true'),
    dockerfile(f'FROM {PYTHON} AS build\nSHELL ["/bin/bash", "-c"]\nFROM {PYTHON}'),
]
