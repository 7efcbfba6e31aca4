"""LIO405: a RUN of the final image makes a layer that no other build makes again."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.dockerfile.installs import SYSTEM_TOOLS
from optimizer.dockerfile.instruction import Instruction
from optimizer.dockerfile.shell import Command
from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.harmless import writes_nothing
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_ONLY_HERE = frozenset([*SYSTEM_TOOLS, "find", "rm"])
"""Programs that do what only a RUN in this place can do."""


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.final_stages:
        for instruction in item.stage.instructions:
            if instruction.keyword != "RUN" or any(install.ecosystem != "system" for install in subject.installs(instruction)):
                continue
            writing = next((command for command in subject.commands(instruction) if _writes(command)), None)
            if writing is not None and not _normalises(subject, instruction):
                yield Violation(message=f"the files that {writing.program} writes carry the time of the build", span=writing.span)


def _writes(command: Command) -> bool:
    return command.program not in _ONLY_HERE and not writes_nothing(command)


def _normalises(subject: DockerfileSubject, instruction: Instruction) -> bool:
    """Whether the instruction gives files a time of its own choice."""
    return any(command.program == "touch" and command.has("-d", "--date", "-t", "-r") for command in subject.commands(instruction))


RULE = Rule(
    id="LIO405",
    name="run-in-final-stage",
    severity=Severity.INFO,
    since="0.1.0",
    summary="A RUN of the final image writes files, with the time of the build on each.",
    why=(
        "Two builds of the same sources make two layers, which are pushed and stored apart. And the layer depends on everything before it, so a "
        "new base image makes it again."
    ),
    fix="write the files in an earlier stage, give them one time there (touch -h -d @499162500), and copy the tree with COPY --from=<stage>",
    bad="FROM public.ecr.aws/lambda/python:3.13\nRUN mkdir /opt/data && curl -o /opt/data/words https://example.com/words",
    good=(
        "FROM public.ecr.aws/lambda/python:3.13 AS data\nRUN mkdir -p /layer/opt && curl -o /layer/opt/words https://example.com/words && "
        "touch -d @499162500 /layer /layer/opt /layer/opt/words\n\nFROM public.ecr.aws/lambda/python:3.13\nCOPY --from=data /layer/ /"
    ),
    dockerfile=_check,
)
