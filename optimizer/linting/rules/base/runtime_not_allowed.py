"""LIO152: the function uses a runtime that the company does not allow."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.bases.recognise import lambda_base
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Inconclusive, Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject
from optimizer.linting.violations import not_allowed


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    if not conventions.runtimes or not subject.final_stages:
        return
    start = subject.final_stages[0].stage.start
    span = start.at(start.words[0])
    image = subject.final_stages[0].image
    if image is None:
        yield Inconclusive(reason="the base image depends on a value that only the build decides", span=span)
        return
    base = lambda_base(image, conventions.mirror)
    if base is not None and base.base is not None:
        yield from not_allowed("runtime", base.base.runtime, conventions.runtimes, span)
    elif base is None and subject.planned:
        yield Inconclusive(reason=f'"{image}" is a custom base image, whose runtime is unknown', span=span)


RULE = Rule(
    id="LIO152",
    name="runtime-not-allowed",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The function uses a runtime that the company does not allow.",
    why=(
        "Each additional runtime is another base image to keep up to date and to pull, and fewer functions share layers. Nothing "
        "is found while "
        "runtimes are not configured."
    ),
    fix="use an allowed runtime, or have this one added to runtimes",
    fix_in_spec="choose an allowed runtime in the specification, or have this one added to runtimes",
    bad='[conventions]\nruntimes = ["python3.13"]\n\nFROM public.ecr.aws/lambda/python:3.10',
    good='[conventions]\nruntimes = ["python3.13"]\n\nFROM public.ecr.aws/lambda/python:3.13',
    example="text",
    dockerfile=_check,
)
