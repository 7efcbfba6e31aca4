"""LIO610: the image will have more layers than Lambda or an engine takes well."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_MOST = 117
"""Layers whose manifest has 25,400 bytes, beyond which Lambda is slower; engines stop near 125.
Source: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html"""

_OF_BASE = 6
"""Layers of most AWS-provided base images."""


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    count = _OF_BASE
    for item in subject.final_stages:
        for instruction in item.stage.instructions:
            count += instruction.keyword in ("ADD", "COPY", "RUN")
            if count > _MOST:
                total = _OF_BASE + sum(
                    i.keyword in ("ADD", "COPY", "RUN") for stage in subject.final_stages for i in stage.stage.instructions
                )
                yield Violation(message=_message(total), span=instruction.head)
                return


def _message(count: int) -> str:
    return f"the image will have {count} layers; allowed: {_MOST}"


RULE = Rule(
    id="LIO610",
    name="layer-count",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The image will have more layers than Lambda and engines handle well.",
    why="Lambda asks for a manifest below 25,400 bytes, which is about 117 layers, and engines refuse an image near 125.",
    fix="put what changes together into one stage, and copy it with one COPY",
    fix_in_spec="put what changes together into one step",
    bad="FROM public.ecr.aws/lambda/python:3.13\nCOPY a ./\nCOPY b ./\n... and so on, 112 times",
    good="FROM public.ecr.aws/lambda/python:3.13\nCOPY a b c ./",
    example="text",
    dockerfile=_check,
)
