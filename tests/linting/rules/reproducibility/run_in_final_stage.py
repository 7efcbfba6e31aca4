from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("RUN mkdir /opt/data", 2, says="the files that mkdir writes"),
    on_base("RUN echo 1 > /version", 2),
    on_base("RUN dnf install -y unzip && \\\n    unzip /tmp/a.zip", 3),
    dockerfile(f"FROM {PYTHON} AS base\nRUN chmod +x /opt/x\nFROM base", 2),
]
PASSES: list[Case] = [
    on_base("RUN dnf install -y jq && dnf clean all && rm -rf /var/cache/dnf"),
    on_base("RUN set -e; echo hello; ls /var/task; cat /etc/os-release"),
    on_base("RUN pip install x"),
    on_base("RUN mkdir /opt/data && touch -d @499162500 /opt/data"),
    dockerfile(f"FROM {PYTHON} AS build\nRUN mkdir /opt/data\nFROM {PYTHON}\nCOPY --from=build /opt/data /opt/"),
]
