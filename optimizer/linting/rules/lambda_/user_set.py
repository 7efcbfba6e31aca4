"""LIO602: the image chooses its own user."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject, ImageSubject
from optimizer.linting.violations import in_image

_ROOT = ("root", "0")


def _check_dockerfile(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    last = None
    for item in subject.final_stages:
        for instruction, values in zip(item.stage.instructions, item.expanded, strict=True):
            if instruction.keyword == "USER" and values:
                last = (instruction, values[0])
    if last is None:
        return
    instruction, user = last
    if user is None:
        yield Inconclusive(reason="the user depends on a value that only the build decides", span=instruction.head)
    elif user.partition(":")[0] not in _ROOT:
        yield Violation(message=f'the image sets the user "{user}"', span=instruction.head)


def _check_image(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    user = subject.analysis.image.user
    if user and user.partition(":")[0] not in _ROOT:
        yield in_image(f'the image sets the user "{user}"; Lambda runs every function as a user of its own')


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
    fix="remove USER, and make every file readable by all",
    bad="FROM public.ecr.aws/lambda/nodejs:24\nUSER 1000",
    good="FROM public.ecr.aws/lambda/nodejs:24",
    dockerfile=_check_dockerfile,
    image=_check_image,
)
