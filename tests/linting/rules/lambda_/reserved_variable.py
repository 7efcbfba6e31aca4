from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("ENV AWS_REGION=eu-central-1", 2, says='"AWS_REGION" is set by Lambda'),
    on_base("ENV A=1 \\\n    _HANDLER=app.handler", 3),
    on_base("ENV TZ Europe/Berlin", 2),
    on_base("ENV LAMBDA_TASK_ROOT=/function", 2),
    dockerfile("FROM python:3.13\nENV AWS_LAMBDA_FUNCTION_NAME=x", 2),
]
PASSES: list[Case] = [
    on_base("ENV PATH=/opt/bin:$PATH LANG=C PYTHONPATH=/opt AWS_XRAY_CONTEXT_MISSING=LOG_ERROR AWS_LAMBDA_EXEC_WRAPPER=/opt/otel"),
    on_base("ENV LAMBDA_TASK_ROOT=/var/task\nARG AWS_REGION"),
    on_base("ENV AWS_SECRET_ACCESS_KEY=x"),
    dockerfile(f"FROM {PYTHON} AS build\nENV AWS_REGION=x\nFROM {PYTHON}"),
]
