"""LIO801: a variable of the build or of the image holds a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator

from optimizer.dockerfile.instruction import Instruction
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject
from optimizer.model.secrecy import SECRET_NAME, URL_WITH_PASSWORD

_KEY = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    yield from _instructions(subject.dockerfile.global_arguments)
    for item in subject.needed_stages:
        yield from _instructions(item.stage.instructions)


def _instructions(instructions: tuple[Instruction, ...]) -> Iterator[Verdict]:
    for instruction in instructions:
        if instruction.keyword not in ("ARG", "ENV"):
            continue
        for name, value, word in instruction.pairs():
            # An empty variable holds nothing; an argument with an empty default waits for a value from the build.
            if instruction.keyword == "ENV" and not (value or "").strip("\"'"):
                continue
            if SECRET_NAME.search(name):
                yield Violation(message=f'{instruction.keyword} "{name}" looks like a secret', span=instruction.at(word))
            elif URL_WITH_PASSWORD.search(value or ""):
                yield Violation(message=f'{instruction.keyword} "{name}" is a URL with a password', span=instruction.at(word))
            elif _KEY.search(value or ""):
                yield Violation(message=f'{instruction.keyword} "{name}" holds an access key of AWS', span=instruction.at(word))


RULE = Rule(
    id="LIO801",
    name="secret-in-variable",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="ARG or ENV carries a secret.",
    why="Build arguments stand in the image's history and environment variables in its configuration: everyone who can pull the image reads them.",
    fix="give the build a secret with RUN --mount=type=secret, and the function one from Secrets Manager or Parameter Store",
    bad="ARG NPM_TOKEN\nRUN npm ci",
    good="RUN --mount=type=secret,id=npm-token,env=NPM_TOKEN npm ci",
    dockerfile=_check,
)
