"""LIO108: the frontend that reads the Dockerfile is named without a digest."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.bases.recognise import image_reference
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for directive in subject.dockerfile.directives:
        if directive.name != "syntax":
            continue
        reference = image_reference(directive.value.split()[0])
        if reference is None or reference.digest is None:
            yield Violation(message=f'the frontend "{directive.value}" has no digest', span=directive.span)


RULE = Rule(
    id="LIO108",
    name="syntax-unpinned",
    severity=Severity.INFO,
    since="0.1.0",
    summary="The frontend of a syntax directive has no digest.",
    why=(
        "The frontend is a program that reads the Dockerfile and decides how it is built; it is pulled from Docker Hub at every "
        "build with an "
        "empty cache. When its tag moves, the same file may be read in another way."
    ),
    fix="remove the directive if the builder's own frontend is enough, or add a digest",
    bad="# syntax=docker/dockerfile:1\nFROM public.ecr.aws/lambda/python:3.13",
    good="FROM public.ecr.aws/lambda/python:3.13",
    dockerfile=_check,
)
