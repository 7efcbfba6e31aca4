"""LIO409: the shell takes the version of a package for a redirection."""

from __future__ import annotations

import re
from collections.abc import Iterator

from optimizer.dockerfile.installs import Install
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_COMPARISON = re.compile(r"[<>]=?[ \t]*\d[^\s;&|()<>]*(?:,?[<>]=?\d[^\s;&|()<>]*)*")


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.needed_stages:
        for instruction in item.stage.instructions:
            for install in subject.installs(instruction):
                yield from _judged(install)


def _judged(install: Install) -> Iterator[Verdict]:
    command = install.command
    text = command.source.text
    packages = set(install.packages)
    for word, (start, end) in zip(command.words, command.places, strict=True):
        match = _COMPARISON.match(text, end) if word in packages else None
        # In quotes or the JSON form no shell looks at it, and the place of the word ends with the quote.
        if match is None or text[start:end] != word:
            continue
        meant = f"{word}{match[0]}"
        what = "writes a file" if text[end] == ">" else "reads a file"
        yield Violation(
            message=f'the shell {what}, and {install.tool} sees "{word}" without a version: {meant}',
            span=command.source.span(start, match.end()),
            hint=f'write "{meant}", with the quotes',
        )


RULE = Rule(
    id="LIO409",
    name="requirement-redirected",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The version of a package stands without quotes behind < or >, which the shell takes for a redirection.",
    why=(
        "In pip install flask>=3 the shell writes the output to a file named =3, and pip installs the newest flask; with < the shell reads a file "
        "that is not there, and the build fails."
    ),
    fix="put the requirement in quotes",
    bad="RUN pip install flask>=3.1",
    good='RUN pip install "flask>=3.1"',
    dockerfile=_check,
)
