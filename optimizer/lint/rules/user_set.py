"""LIO602: the image chooses its own user."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.lint.conventions import Conventions
from optimizer.lint.finding import Severity, Undecided, Verdict, Violation
from optimizer.lint.rule import Rule
from optimizer.lint.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    last = None
    for item in subject.final_stages:
        for instruction, values in zip(item.stage.instructions, item.expanded, strict=True):
            if instruction.keyword == "USER" and values:
                last = (instruction, values[0])
    if last is None:
        return
    instruction, user = last
    if user is None:
        yield Undecided(reason="the user depends on a value that only the build decides", span=instruction.head)
    elif user.partition(":")[0] not in ("root", "0"):
        yield Violation(message=f'the image sets the user "{user}"', span=instruction.head)


RULE = Rule(
    id="LIO602",
    name="user-set",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The final image sets a user.",
    why=(
        "Lambda runs every function as an unprivileged user of its own, and asks images not to set one. sam local fails on such images, because "
        "its emulator cannot be installed."
    ),
    fix="take USER out, and make every file readable by all",
    bad="FROM public.ecr.aws/lambda/nodejs:24\nUSER 1000",
    good="FROM public.ecr.aws/lambda/nodejs:24",
    dockerfile=_check,
)
