from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, function, on_base

CATCHES: list[Case] = [
    on_base("ENV AWS_REGION=eu-central-1", 2, says='"AWS_REGION" is set by Lambda'),
    on_base("ENV A=1 \\\n    _HANDLER=app.handler", 3),
    on_base("ENV TZ Europe/Berlin", 2),
    on_base("ENV LAMBDA_TASK_ROOT=/function", 2),
    dockerfile("FROM python:3.13\nENV AWS_LAMBDA_FUNCTION_NAME=x", 2),
    Case(
        function(properties={"PackageType": "Image", "Environment": {"Variables": {"AWS_REGION": "x", "A": "b"}}}),
        (0,),
        '"AWS_REGION" is reserved, and Lambda refuses a function that sets it',
    ),
]
PASSES: list[Case] = [
    on_base("ENV PATH=/opt/bin:$PATH LANG=C PYTHONPATH=/opt AWS_XRAY_CONTEXT_MISSING=LOG_ERROR AWS_LAMBDA_EXEC_WRAPPER=/opt/otel"),
    on_base("ENV LAMBDA_TASK_ROOT=/var/task\nARG AWS_REGION"),
    on_base("ENV AWS_SECRET_ACCESS_KEY=x"),
    Case(
        function(properties={"Environment": {"Variables": {"TZ": "Europe/Berlin", "PATH": "/opt", "AWS_LAMBDA_EXEC_WRAPPER": "/opt/otel"}}})
    ),
    Case(function(properties={"Environment": {"Variables": {"Fn::If": ["A", {"AWS_REGION": "x"}, {}]}}})),
    Case(function(properties={"Environment": {"Ref": "AWS::NoValue"}})),
    dockerfile(f"FROM {PYTHON} AS build\nENV AWS_REGION=x\nFROM {PYTHON}"),
]
