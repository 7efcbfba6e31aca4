"""LIO607: ENV or the function's configuration sets a variable that Lambda sets itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.properties import property_of
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject, FunctionSubject
from optimizer.model.limits import RESERVED_VARIABLES
from optimizer.model.secrecy import SECRET_NAME

_TIME_ZONE = "TZ"
"""Set by Lambda too, and not reserved: the function's configuration may set it."""

_SAME = {"LAMBDA_RUNTIME_DIR": "/var/runtime", "LAMBDA_TASK_ROOT": "/var/task"}
"""What Lambda sets them to: the same value does no harm."""


def _check_dockerfile(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.final_stages:
        for instruction, values in zip(item.stage.instructions, item.expanded, strict=True):
            if instruction.keyword != "ENV":
                continue
            for (name, _, word), value in zip(instruction.pairs(), values, strict=True):
                # Secrets have a rule of their own.
                set_by_lambda = name == _TIME_ZONE or (name in RESERVED_VARIABLES and not SECRET_NAME.search(name))
                if set_by_lambda and (value is None or _SAME.get(name) != value):
                    yield Violation(
                        message=f'"{name}" is set by Lambda, which ignores the value in the image',
                        span=instruction.at(word),
                        hint="set it in the function's configuration" if name == _TIME_ZONE else "",
                    )


def _check_function(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    variables = property_of(subject.declared, "Environment", "Variables")
    for name in sorted(RESERVED_VARIABLES.intersection(variables)) if isinstance(variables, Mapping) else ():
        yield Violation(
            message=f'"{name}" is reserved, and Lambda refuses a function that sets it',
            span=subject.place("Environment", "Variables", name),
        )


RULE = Rule(
    id="LIO607",
    name="reserved-variable",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="ENV, or the configuration of the function, sets a variable that Lambda sets itself.",
    why=(
        "Lambda sets the variable itself when it starts the function; the value in the image is used in local tests only. In the configuration of a "
        "function, reserved names are refused at deployment."
    ),
    fix="remove the variable, or set it under another name",
    fix_in_spec="remove it from environment",
    bad="FROM public.ecr.aws/lambda/python:3.13\nENV AWS_REGION=eu-central-1",
    good="FROM public.ecr.aws/lambda/python:3.13\nENV TABLE_REGION=eu-central-1",
    dockerfile=_check_dockerfile,
    function=_check_function,
)
