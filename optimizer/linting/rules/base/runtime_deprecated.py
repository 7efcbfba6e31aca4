"""LIO104: the runtime of the base image is no longer maintained."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.bases.catalogue import BaseImage, successor
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
    elif found is not None and found.base is None and found.retired is None:
        yield Inconclusive(reason=f'"{found.reference}" has no tag that names a runtime', span=base_span(subject))
    elif found is not None and (violation := _judged(found, conventions)):
        yield Violation(message=violation.message, hint=violation.hint, span=base_span(subject))


def _judged(found: LambdaBase, conventions: Conventions) -> Violation | None:
    base = found.base
    if found.retired is not None:
        retired = found.retired
        message = f'the runtime "{retired.runtime}" is retired, deprecated since {retired.deprecated_on}'
        return Violation(message=message, hint=f"move to {successor(retired)}")
    if base is None or not _ended(base, conventions):
        return None
    state = "retired" if base.status == "retired" else "deprecated"
    since = f" since {base.deprecated_on}" if base.deprecated_on else ""
    newer = successor(base)
    return Violation(message=f'the runtime "{base.runtime}" is {state}{since}', hint=f"move to {newer}" if newer else "")


def _ended(base: BaseImage, conventions: Conventions) -> bool:
    if base.deprecated_on is None:
        return base.status in ("deprecated", "retired")
    return base.deprecated_on <= conventions.today


RULE = Rule(
    id="LIO104",
    name="runtime-deprecated",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The runtime of the base image is deprecated or retired.",
    why=(
        "AWS patches the base image of a runtime up to the day of its deprecation, and may stop then. An image runs on, with "
        "every vulnerability that "
        "is found after that day."
    ),
    fix="move to a supported runtime",
    bad="FROM public.ecr.aws/lambda/python:3.9",
    good="FROM public.ecr.aws/lambda/python:3.13",
    dockerfile=_check,
)
