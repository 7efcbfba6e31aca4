from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("ARG BUILD_NUMBER\nRUN dnf install -y jq", 2, says='ARG "BUILD_NUMBER" differs at every build, so that RUN on line 3'),
    on_base("ARG GIT_SHA=x\nRUN echo $GIT_SHA > /v\nRUN pip install x", 2),
    on_base("ARG V\nENV APP_BUILD_DATE=${V}\nRUN true", 3),
    on_base("ARG CACHEBUST\nARG COMMIT_SHA\nRUN echo ${CACHEBUST}", 3),
    dockerfile(f"FROM {PYTHON} AS base\nARG VCS_REF\nFROM base\nRUN true", 2),
]
PASSES: list[Case] = [
    on_base("RUN pip install x\nARG BUILD_NUMBER\nENV B=$BUILD_NUMBER\nLABEL b=$BUILD_NUMBER\nCOPY app.py ."),
    on_base("ARG GIT_SHA\nRUN echo $GIT_SHA > /v"),
    on_base("ARG GIT_SHA\nRUN <<EOF\necho $GIT_SHA > /v\nEOF"),
    on_base("ENV BUILD_ID=7\nRUN true"),
    on_base("ARG VERSION\nARG BUILD_MODE\nARG SHARED\nARG TIMESTAMPS\nRUN true"),
    dockerfile(f"ARG BUILD_ID\nFROM {PYTHON}\nRUN true"),
    dockerfile(f"FROM {PYTHON} AS unused\nARG BUILD_ID\nRUN true\nFROM {PYTHON}"),
]
