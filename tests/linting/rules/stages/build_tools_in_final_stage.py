from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("RUN dnf install -y gcc jq", 2, says="gcc:"),
    on_base("RUN yum -y groupinstall 'Development Tools' && \\\n  dnf install -y python3-devel", 2, 3),
    on_base("RUN apt-get update && apt-get install -y --no-install-recommends build-essential", 2),
    dockerfile(f"FROM {PYTHON} AS one\nRUN microdnf install gcc-c++\nFROM one", 2),
    on_base("RUN <<EOF\nset -e\ndnf install -y make\nEOF", 4),
    on_base('RUN yum group install -y "Development Tools"', 2, says="@Development Tools:"),
    on_base("RUN dnf groups mark install development && dnf install -y @development-tools", 2, 2),
    on_base("ARG P='gcc make'\nRUN microdnf install -y ${P}", 3, says="gcc, make:"),
]
PASSES: list[Case] = [
    dockerfile(f"FROM {PYTHON} AS build\nRUN dnf install -y gcc\nFROM {PYTHON}\nCOPY --from=build /a /b"),
    on_base("RUN dnf install -y jq libxml2 mesa-libGL gitleaks"),
    on_base("RUN dnf install -y gcc && make && dnf remove -y gcc"),
    on_base("RUN apk add --virtual .build gcc && make && apk del .build"),
    on_base("RUN echo dnf install gcc"),
    on_base("RUN dnf install -y $PACKAGES", inconclusive=1),
    on_base("ARG P\nRUN dnf install -y $P", inconclusive=1),
    on_base("ARG P=java-11\nRUN microdnf install -y ${P}"),
    on_base("RUN dnf group install -y Fonts"),
]
