"""LIO101: the final image does not stand on a base image that AWS provides."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.bases.recognise import lambda_base
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    if not subject.final_stages:
        return
    lowest = subject.final_stages[0]
    span = lowest.stage.start.at(lowest.stage.start.words[0])
    if lowest.image is None:
        yield Inconclusive(reason=f'"{lowest.stage.origin}" depends on a value that only the build decides', span=span)
    elif lambda_base(lowest.image, conventions.mirror) is None:
        yield Violation(
            message=f'the image is based on "{lowest.image}", which is not a base image that AWS provides for Lambda', span=span
        )


RULE = Rule(
    id="LIO101",
    name="base-not-aws-provided",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The final image is based on an image that is not an AWS-provided base image.",
    why=(
        "AWS keeps its base images close to the workers and patches them; they hold the runtime interface client and the layout that a "
        "function expects. Functions on one base also share its layers in the repository."
    ),
    fix="start the final stage from public.ecr.aws/lambda/<runtime>; other images are fine in earlier stages",
    fix_in_spec="remove base from the specification, or suppress the finding if the platform team makes that base from the runtime's",
    bad="FROM python:3.13-slim\nCOPY app.py /var/task/",
    good="FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ${LAMBDA_TASK_ROOT}/",
    only_lambda=True,
    dockerfile=_check,
)
