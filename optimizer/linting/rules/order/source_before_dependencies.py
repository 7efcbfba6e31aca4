"""LIO302: sources are copied before an installation that does not need them."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.early_copies import early_copies
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for early in early_copies(subject):
        if not early.together:
            install, line = early.install, early.install.command.span.start.line
            needs = "fetches the dependencies too" if install.compiles else "does not need it"
            message = f"{early.title} is copied before {install.tool} {install.verb} on line {line}, which {needs}"
            yield Violation(message=message, span=early.source.span, hint=early.hint)


RULE = Rule(
    id="LIO302",
    name="source-before-dependencies",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="Sources are copied before packages are installed.",
    why="The build cache of every instruction after a changed copy is lost: any edit of the sources installs the packages again.",
    fix="move the copy below the installation",
    fix_in_spec="give the packages a step of their own, such as PythonDependencies or NodeDependencies",
    bad="COPY src/ ./src/\nCOPY package.json package-lock.json ./\nRUN npm ci",
    good="COPY package.json package-lock.json ./\nRUN npm ci\nCOPY src/ ./src/",
    dockerfile=_check,
)
