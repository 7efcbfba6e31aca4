"""LIO804: a secret is taken back, and stays in the image."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.dockerfile.instruction import Instruction
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject
from optimizer.model.secrecy import SECRET_NAME


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    held: dict[str, int] = {}
    for item in subject.final_stages:
        for instruction in item.stage.instructions:
            if instruction.keyword == "ENV":
                for name, value, word in instruction.pairs():
                    empty = not (value or "").strip("\"'")
                    if empty and name in held:
                        yield Violation(message=_message(name, "emptied", held[name]), span=instruction.at(word))
                    elif not empty and SECRET_NAME.search(name):
                        held[name] = instruction.line
            elif held and instruction.keyword == "RUN":
                yield from _unset(subject, instruction, held)


def _unset(subject: DockerfileSubject, instruction: Instruction, held: dict[str, int]) -> Iterator[Verdict]:
    for command in subject.commands(instruction):
        if command.program == "unset":
            for index, word in enumerate(command.words[1:], 1):
                if word in held:
                    yield Violation(message=_message(word, "unset", held[word]), span=command.at(index))


def _message(name: str, what: str, line: int) -> str:
    return f'"{name}" is {what}, and the image\'s history still holds what line {line} has set'


RULE = Rule(
    id="LIO804",
    name="secret-taken-back",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="ENV sets a secret, and a later instruction empties or unsets it.",
    why="Every instruction is kept in the image's history: docker history shows the value. And unset in a RUN ends with that RUN; the function still sees the variable.",
    fix="give the build the secret with RUN --mount=type=secret,id=token,env=TOKEN",
    bad="FROM public.ecr.aws/lambda/python:3.13\nENV NPM_TOKEN=0123456789\nRUN npm ci\nENV NPM_TOKEN=",
    good="FROM public.ecr.aws/lambda/python:3.13\nRUN --mount=type=secret,id=npm,env=NPM_TOKEN npm ci",
    dockerfile=_check,
)
