"""LIO207: an instruction of which only the last one counts stands twice in a stage."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.dockerfile.instruction import Instruction
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_ONE_OF_EACH = ("CMD", "ENTRYPOINT", "HEALTHCHECK")


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.needed_stages:
        last: dict[str, Instruction] = {}
        for instruction in item.stage.instructions:
            if instruction.keyword not in _ONE_OF_EACH:
                continue
            before = last.get(instruction.keyword)
            if before is not None:
                message = f"{instruction.keyword} on line {instruction.line} replaces this one"
                yield Violation(message=message, span=before.head, hint=_HINTS.get(instruction.keyword, ""))
            last[instruction.keyword] = instruction


_HINTS = {
    "CMD": (
        "remove it; several functions of one image each name their handler in their own configuration: cmd of DockerImageCode, ImageConfig.Command"
    )
}

RULE = Rule(
    id="LIO207",
    name="instruction-overridden",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A stage has several CMD, ENTRYPOINT or HEALTHCHECK instructions, of which only the last one counts.",
    why="An image has one command, one entrypoint and one health check. What stands above is not used, and a handler that is named there is never called.",
    fix="remove it",
    bad='FROM public.ecr.aws/lambda/python:3.13\nCMD ["orders.handler"]\nCMD ["payments.handler"]',
    good='FROM public.ecr.aws/lambda/python:3.13\nCMD ["orders.handler"]',
    dockerfile=_check,
)
