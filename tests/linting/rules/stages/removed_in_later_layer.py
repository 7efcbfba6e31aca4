from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("COPY a.zip /tmp/\nRUN unzip /tmp/a.zip && rm -f /tmp/a.zip", 3, says='"/tmp/a.zip" is removed, and the layer of line 2'),
    on_base("COPY requirements.txt ./\nRUN pip install -r requirements.txt\nRUN rm requirements.txt", 4),
    on_base("WORKDIR /x\nCOPY a.zip b.zip ./\nRUN rm /x/b.zip", 4),
    on_base("RUN dnf install -y jq\nRUN dnf clean all", 3, says="the cache is emptied, and the layer of line 2"),
    on_base("RUN apt-get install -y jq\nRUN rm -rf /var/lib/apt/lists/*", 3),
    on_base("RUN dnf install -y gcc\nRUN pip install x\nRUN dnf remove -y gcc", 4),
    dockerfile(f"FROM {PYTHON} AS base\nRUN pip install uv\nFROM base\nRUN pip uninstall -y uv", 4),
]
PASSES: list[Case] = [
    on_base("RUN dnf install -y gcc && pip install x && dnf remove -y gcc && dnf clean all"),
    on_base("RUN curl -o /tmp/a.zip https://example.com/a.zip && unzip /tmp/a.zip && rm /tmp/a.zip"),
    on_base("RUN dnf clean all && dnf install -y jq && dnf clean all"),
    on_base("RUN dnf install -y jq && dnf clean all\nRUN dnf install -y yq && dnf clean all"),
    on_base("COPY a.zip /tmp/\nRUN rm -rf /tmp/b.zip $TMP/a.zip"),
    on_base("RUN --mount=type=bind,source=a.zip,target=/tmp/a.zip unzip /tmp/a.zip"),
    dockerfile(f"FROM {PYTHON} AS build\nCOPY a.zip /\nRUN unzip /a.zip && rm /a.zip\nFROM {PYTHON}\nCOPY --from=build /a /opt"),
]
