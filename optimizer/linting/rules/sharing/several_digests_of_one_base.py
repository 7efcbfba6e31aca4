"""LIO901: functions of one app stand on different digests of one base image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from optimizer.bases.recognise import image_reference
from optimizer.dockerfile.instruction import Span
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject
from optimizer.model.reference import ImageReference

_Use = tuple[ImageReference, str, str, Span | None]


def _check(subject: AppSubject, conventions: Conventions) -> Iterator[Verdict]:
    bases: dict[tuple[str, str | None], list[_Use]] = {}
    for use in _uses(subject):
        bases.setdefault((use[0].name, use[0].tag), []).append(use)
    for uses in bases.values():
        digests = Counter(str(reference.digest) for reference, *_ in uses)
        if len(digests) < 2:
            continue
        common = min(digests, key=lambda digest: (-digests[digest], digest))
        for reference, path, construct, span in uses:
            if reference.digest != common:
                yield Violation(
                    message=f'"{reference.name}:{reference.tag}" is used with {len(digests)} digests in this app, here with {str(reference.digest)[:19]}...',
                    path=path,
                    construct=construct,
                    span=span,
                    hint=f"use {common}, as most do",
                )


def _uses(subject: AppSubject) -> Iterator[_Use]:
    for file in subject.dockerfiles:
        lowest = file.final_stages[0] if file.final_stages else None
        reference = image_reference(lowest.image) if lowest and lowest.image else None
        if lowest and reference and reference.digest:
            yield reference, file.path, file.construct, lowest.stage.start.at(lowest.stage.start.words[0])


RULE = Rule(
    id="LIO901",
    name="several-digests-of-one-base",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="Functions of one app are pinned to different digests of one base image.",
    why="Each digest is another set of layers to store, pull and patch; functions on one digest share all of them.",
    fix="pin one digest for the app: run optimizer pin, and use what optimizer.lock holds",
    bad="orders/Dockerfile: FROM public.ecr.aws/lambda/python:3.13@sha256:1111...\nstock/Dockerfile:  FROM public.ecr.aws/lambda/python:3.13@sha256:2222...",
    good="orders/Dockerfile: FROM public.ecr.aws/lambda/python:3.13@sha256:2222...\nstock/Dockerfile:  FROM public.ecr.aws/lambda/python:3.13@sha256:2222...",
    example="text",
    app=_check,
)
