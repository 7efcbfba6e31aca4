"""LIO606: SHELL, and nothing after it that a shell runs."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.dockerfile.instruction import Instruction
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_RUN_BY_SHELL = ("CMD", "ENTRYPOINT", "HEALTHCHECK", "ONBUILD", "RUN")


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    waiting: Instruction | None = None
    for item in subject.final_stages:
        for instruction in item.stage.instructions:
            if instruction.keyword == "SHELL":
                waiting = instruction
            elif instruction.keyword in _RUN_BY_SHELL and instruction.json is None:
                waiting = None
    if waiting is not None:
        yield Violation(message="no shell runs anything after SHELL", span=waiting.head)


RULE = Rule(
    id="LIO606",
    name="shell-without-effect",
    severity=Severity.INFO,
    since="0.1.0",
    summary="SHELL in the final image, and no instruction after it that a shell runs.",
    why="SHELL changes how later RUN, CMD and ENTRYPOINT in shell form are run, and nothing else: Lambda starts the entrypoint without it.",
    fix="remove the instruction, or move it above the RUN that needs it",
    bad='FROM public.ecr.aws/lambda/python:3.13\nSHELL ["/bin/bash", "-c"]\nCMD ["app.handler"]',
    good='FROM public.ecr.aws/lambda/python:3.13\nCMD ["app.handler"]',
    dockerfile=_check,
)
