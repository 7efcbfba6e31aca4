"""LIO105: the runtime of the base image is a preview."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.bases.recognise import LambdaBase
from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.base_image import base_span, lambda_base_of
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    found = lambda_base_of(subject, conventions)
    if isinstance(found, Inconclusive):
        yield found
    elif found is not None and _is_preview(found):
        yield Violation(message=f'"{found.reference.tagged}" is a preview', span=base_span(subject))


def _is_preview(found: LambdaBase) -> bool:
    return found.base is not None and found.base.status == "preview"


RULE = Rule(
    id="LIO105",
    name="runtime-preview",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The runtime of the base image is a preview.",
    why="A preview may change and end at any time, its tag goes when the runtime is released, and AWS does not support it in production.",
    fix="choose a supported runtime, or suppress the finding until the day on which you look again",
    bad="FROM public.ecr.aws/lambda/python:3.15-preview",
    good="FROM public.ecr.aws/lambda/python:3.13",
    dockerfile=_check,
)
