from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("RUN dnf install -y jq", 2, says="dnf leaves its cache"),
    on_base("RUN yum install -y jq\nRUN yum clean all", 2),
    on_base("RUN apt-get update && apt-get install -y jq", 2),
    on_base("RUN apk add jq", 2),
    on_base("RUN pip install a==1 && pip install b==1", 2),
    on_base("ENV PIP_NO_CACHE_DIR=0\nRUN pip install a==1", 3),
    on_base("RUN npm ci", 2),
    on_base(
        "COPY pyproject.toml poetry.lock ./\nRUN poetry config virtualenvs.create false && poetry install --no-ansi",
        3,
        says="poetry leaves",
    ),
    on_base("RUN uv sync --frozen", 2, says="uv leaves its cache"),
    on_base("RUN uv pip install --system a==1", 2),
    on_base("RUN pipenv install --deploy --system", 2, says="pipenv leaves"),
    on_base("RUN yarn install --frozen-lockfile", 2, says="yarn leaves"),
    dockerfile(f"FROM {PYTHON} AS base\nRUN microdnf install jq\nFROM base", 2),
    on_base("RUN yarn install --frozen-lockfile", 2, says="yarn leaves its cache"),
]
PASSES: list[Case] = [
    on_base("RUN poetry install --no-cache && pipenv sync && rm -rf ~/.cache"),
    on_base("RUN poetry install && rm -rf $POETRY_CACHE_DIR"),
    on_base("ENV UV_NO_CACHE=1\nRUN uv sync --frozen"),
    on_base("RUN uv sync --frozen --no-cache && uv pip install a==1 && uv cache clean"),
    on_base("RUN --mount=type=cache,target=/root/.cache/uv uv sync --frozen"),
    on_base("RUN yarn install --immutable && yarn cache clean"),
    on_base("RUN dnf install -y jq && dnf clean all"),
    on_base("RUN dnf install -y jq && rm -rf /var/cache/dnf"),
    on_base("RUN --mount=type=cache,target=/var/cache/dnf dnf install -y jq"),
    on_base("RUN apt-get update && apt-get install -y jq && rm -rf /var/lib/apt/lists/*"),
    on_base("RUN apk add --no-cache jq"),
    on_base("RUN pip install --no-cache-dir a==1"),
    on_base("ENV PIP_NO_CACHE_DIR=1\nRUN pip install a==1"),
    on_base("ARG PIP_NO_CACHE_DIR\nRUN pip install a==1"),
    on_base("RUN pip install a==1 && rm -rf ~/.cache"),
    on_base("RUN npm ci && npm cache clean --force"),
    dockerfile(f"FROM {PYTHON} AS build\nRUN dnf install -y gcc && pip install a==1 -t /x\nFROM {PYTHON}\nCOPY --from=build /x /var/task"),
    on_base("RUN yarn install --immutable && yarn cache clean"),
]
