from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("RUN pip install -r requirements.txt", 2, says="pip install"),
    on_base("RUN python3.13 -m pip --quiet install x", 2),
    on_base("RUN npm ci && npm cache clean --force", 2),
    on_base("RUN go build -o /x .", 2),
    on_base("RUN ./mvnw -B package", 2),
]
PASSES: list[Case] = [
    dockerfile(f"FROM {PYTHON} AS packages\nRUN pip install x -t /l\nFROM {PYTHON}\nCOPY --from=packages /l /"),
    on_base("RUN dnf install -y jq"),
    on_base("RUN pip --version && npm run build && echo npm ci"),
]
