from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("COPY a .\n" * 111 + "COPY b .\nCOPY c .", 113, says="the image will have 119 layers; allowed: 117"),
    dockerfile(f"FROM {PYTHON} AS one\n" + "RUN x\n" * 60 + "FROM one\n" + "ADD x .\n" * 60, 114),
]
PASSES: list[Case] = [
    on_base("COPY a .\n" * 111 + "ENV A=1\n" * 50),
    dockerfile(f"FROM {PYTHON} AS build\n" + "RUN x\n" * 150 + f"FROM {PYTHON}"),
]
