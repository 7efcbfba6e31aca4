"""LIO202: a package installer or a compiler runs in the final stage."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.final_stages:
        for instruction in item.stage.instructions:
            for install in subject.installs(instruction):
                if install.ecosystem != "system":
                    yield Violation(message=f"{install.tool} {install.verb} runs in the final stage", span=install.command.span)


RULE = Rule(
    id="LIO202",
    name="installer-in-final-stage",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="Dependencies are installed, or the program is built, in the final stage.",
    why=(
        "The installer's caches, logs and tools stay in the image, and its layer depends on everything before it: a new base image builds and "
        "pushes it again. A tree that is made in a stage of its own and copied to the root as a whole keeps its layer."
    ),
    fix="install in an earlier stage, and copy the tree with COPY --from=<stage>",
    bad="FROM public.ecr.aws/lambda/python:3.13\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt",
    good=(
        "FROM public.ecr.aws/lambda/python:3.13 AS packages\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt --target /layer/var/task\n\n"
        "FROM public.ecr.aws/lambda/python:3.13\nCOPY --from=packages /layer/ /"
    ),
    dockerfile=_check,
)
