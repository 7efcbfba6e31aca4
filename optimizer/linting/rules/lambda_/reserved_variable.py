"""LIO607: ENV sets a variable that Lambda sets itself."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject
from optimizer.model.secrecy import SECRET_NAME

_RESERVED = frozenset(
    [
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "TZ",
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
    ]
)
"""Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime"""

_SAME = {"LAMBDA_RUNTIME_DIR": "/var/runtime", "LAMBDA_TASK_ROOT": "/var/task"}
"""What Lambda sets them to: the same value does no harm."""


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.final_stages:
        for instruction, values in zip(item.stage.instructions, item.expanded, strict=True):
            if instruction.keyword != "ENV":
                continue
            for (name, _, word), value in zip(instruction.pairs(), values, strict=True):
                # Secrets have a rule of their own.
                if name in _RESERVED and not SECRET_NAME.search(name) and (value is None or _SAME.get(name) != value):
                    yield Violation(message=f'"{name}" is set by Lambda, which ignores the value in the image', span=instruction.at(word))


RULE = Rule(
    id="LIO607",
    name="reserved-variable",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="ENV sets a variable that Lambda reserves.",
    why="Lambda sets the variable itself when it starts the function; the value in the image is used in local tests only.",
    fix="remove the variable; set it under another name, or in the function's configuration",
    fix_in_spec="remove it from environment",
    bad="FROM public.ecr.aws/lambda/python:3.13\nENV AWS_REGION=eu-central-1",
    good="FROM public.ecr.aws/lambda/python:3.13\nENV TABLE_REGION=eu-central-1",
    dockerfile=_check,
)
