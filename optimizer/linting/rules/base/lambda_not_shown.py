"""LIO109: nothing shows that Lambda runs the image."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.base_image import base_span, lambda_base_of
from optimizer.linting.facts.lambda_signs import runs_on_lambda
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    # An app says itself which of its images no function runs.
    if subject.for_lambda is not None or not subject.final_stages or runs_on_lambda(subject, conventions):
        return
    base = lambda_base_of(subject, conventions)
    if isinstance(base, Inconclusive):
        yield base
    else:
        yield Violation(message="nothing shows that Lambda runs this image: the rules for Lambda are not applied", span=base_span(subject))


RULE = Rule(
    id="LIO109",
    name="lambda-not-shown",
    severity=Severity.INFO,
    since="0.1.0",
    summary="Nothing in a Dockerfile or beside it shows that Lambda runs its image.",
    why=(
        "Images for ECS, App Runner or a developer's machine need EXPOSE, HEALTHCHECK and USER, and stand on other bases. Of such a file only the "
        "rules that hold for every image are asked, and --fix leaves it alone. What shows a function's image: a template or an app whose function "
        "it is, a base image of AWS for Lambda, a handler as the only word of CMD, names of Lambda's variables, clients and directories in "
        "instructions, or a package of AWS for Lambda in a manifest beside the file."
    ),
    fix=(
        "for the image of a function, check the template or the app that has the function together with the file; for another image, leave the "
        "file out with exclude, or switch this rule off"
    ),
    bad='FROM python:3.13-slim\nEXPOSE 8080\nCMD ["gunicorn", "app:app"]',
    good='FROM public.ecr.aws/lambda/python:3.13\nCMD ["app.handler"]',
    dockerfile=_check,
)
