from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("ARG NPM_TOKEN", 2, says='"NPM_TOKEN" looks like a secret'),
    dockerfile(f"ARG DB_PASSWORD=x\nFROM {PYTHON}", 1),
    on_base("ENV A=1 \\\n    PIP_INDEX_URL=https://me:word@example.com/simple", 3, says="URL with a password"),
    on_base("ENV KEY_ID=AKIAIOSFODNN7EXAMPLE", 2),
    on_base("ARG NPM_TOKEN=", 2),
]
PASSES: list[Case] = [
    on_base("ENV SECRET_ARN=arn:aws:x TOKEN_TTL=5 PASSWORDS_FILE=/x\nARG VERSION=1"),
    on_base("ENV URL=https://example.com:8080/a@b"),
    dockerfile(f"FROM x AS unused\nARG TOKEN\nFROM {PYTHON}"),
    on_base("ENV NPM_TOKEN="),
    on_base("ENV API_KEY=\"\" AWS_SECRET_ACCESS_KEY=''"),
]
