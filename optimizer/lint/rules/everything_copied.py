"""LIO501: the whole context is copied, and nothing is left out of it."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.lint.conventions import Conventions
from optimizer.lint.finding import Severity, Undecided, Verdict, Violation
from optimizer.lint.rule import Rule
from optimizer.lint.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    ignore = subject.own_ignore or subject.ignore
    if ignore is not None and any(line.strip() and not line.lstrip().startswith(("#", "!")) for line in ignore.lines):
        return
    for item in subject.needed_stages:
        for _, copy in subject.copies(item):
            for source in copy.from_context:
                if source.everything and subject.context is None:
                    yield Undecided(reason="the build context is not known", span=source.span)
                elif source.everything:
                    state = f'"{ignore.path}" leaves nothing out' if ignore else "there is no .dockerignore"
                    yield Violation(message=f"the whole build context is copied, and {state}", span=source.span)


RULE = Rule(
    id="LIO501",
    name="everything-copied",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The whole build context is copied, without an ignore file that leaves anything out.",
    why=(
        "Version control, virtual environments, tests and credentials reach the image, and every change of any file builds and deploys the "
        "function again."
    ),
    fix="name what the function needs, or leave the rest out in .dockerignore",
    bad="COPY . ${LAMBDA_TASK_ROOT}/",
    good="COPY app.py shop/ ${LAMBDA_TASK_ROOT}/",
    dockerfile=_check,
)
