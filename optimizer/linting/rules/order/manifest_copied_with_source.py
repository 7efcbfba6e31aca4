"""LIO301: what to install and the sources come in one copy."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.early_copies import early_copies
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for early in early_copies(subject):
        if early.together:
            install, line = early.install, early.install.command.span.start.line
            message = f"{early.title} is copied together with the manifest or lock file for {install.tool} {install.verb} on line {line}"
            yield Violation(message=message, span=early.source.span, hint=early.hint)


RULE = Rule(
    id="LIO301",
    name="manifest-copied-with-source",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The manifest or the lock file is copied together with the sources, before the installation.",
    why="Any edit of the sources changes the copy, and every dependency is installed, pushed and stored again.",
    fix="copy the manifest and the lock file by themselves, install, and copy the sources after that",
    bad="COPY app.py requirements.txt ./\nRUN pip install -r requirements.txt --target /packages",
    good="COPY requirements.txt ./\nRUN pip install -r requirements.txt --target /packages\nCOPY app.py ./",
    dockerfile=_check,
)
