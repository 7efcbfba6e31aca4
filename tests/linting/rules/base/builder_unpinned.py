from __future__ import annotations

from tests.linting.cases import DIGEST, PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    dockerfile(f"FROM golang:1.25 AS build\nFROM {PYTHON}\nCOPY --from=build /a /b", 1, says='"golang:1.25"'),
    on_base("COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/", 2),
    on_base("RUN --mount=type=bind,from=ghcr.io/astral-sh/uv:0.9,target=/uv x", 2),
]
PASSES: list[Case] = [
    dockerfile(f"FROM golang:1.25@{DIGEST} AS build\nFROM {PYTHON}\nCOPY --from=build /a /b\nCOPY --from=0 /c /d"),
    dockerfile(f"FROM golang:1.25 AS unused\nFROM {PYTHON}"),
    dockerfile(f"FROM scratch AS files\nFROM {PYTHON}\nCOPY --from=FILES /a /b"),
    dockerfile(f"FROM {PYTHON} AS one\nFROM one AS build\nFROM one\nCOPY --from=build /a /b"),
    dockerfile(f"ARG B\nFROM $B AS build\nFROM {PYTHON}\nCOPY --from=build /a /b", inconclusive=1),
]
