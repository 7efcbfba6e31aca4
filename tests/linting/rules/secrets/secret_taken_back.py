from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("ENV NPM_TOKEN=0123\nRUN npm ci\nENV NPM_TOKEN=", 4, says='"NPM_TOKEN" is emptied'),
    on_base('ARG T\nENV API_KEY=$T\nRUN x && unset API_KEY\nENV API_KEY=""', 4, 5, says="is unset"),
    dockerfile(f"FROM {PYTHON} AS one\nENV DB_PASSWORD x\nFROM one\nRUN unset DB_PASSWORD", 4),
]
PASSES: list[Case] = [
    on_base("ENV NPM_TOKEN=0123\nRUN npm ci"),
    on_base("ENV NPM_TOKEN=\nRUN unset NPM_TOKEN PATH"),
    on_base("RUN export NPM_TOKEN=$(cat /run/secrets/x) && unset NPM_TOKEN"),
    dockerfile(f"FROM {PYTHON} AS build\nENV NPM_TOKEN=0123\nRUN unset NPM_TOKEN\nFROM {PYTHON}"),
]
