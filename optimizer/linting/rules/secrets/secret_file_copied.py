"""LIO802: a file that holds a secret is copied into the image."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from optimizer.dockerfile.copies import Source
from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.secrets import secret_file
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject
from optimizer.model.ignore import IgnorePatterns


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    patterns = subject.ignored
    if patterns is None:
        return
    for item in subject.needed_stages:
        for _, copy in subject.copies(item):
            for source in copy.from_context:
                yield from _judged(subject, source, patterns)


def _judged(subject: DockerfileSubject, source: Source, patterns: IgnorePatterns) -> Iterator[Verdict]:
    if source.value is None or source.remote:
        return
    path = posixpath.normpath(source.value.strip("/") or ".")
    names = subject.context.names("" if path == "." else path.rstrip("*").rstrip("/")) if subject.context is not None else None
    if names is not None:
        inside = [name if path == "." else posixpath.join(path, name) for name in names if not name.endswith("/")]
        found = next((name for name in inside if _holds_secret(subject, name) and not patterns.ignores(name)), None)
        if found:
            yield Violation(message=f'"{found}" is copied along, and holds a secret', span=source.span)
    else:
        verdict = _holds_secret(subject, path)
        if verdict:
            yield Violation(message=f'"{source.value}" holds a secret', span=source.span)
        elif verdict is None:
            yield Inconclusive(
                reason=f'"{source.value}" is not in the known context, so it is unknown whether it holds a secret', span=source.span
            )


def _holds_secret(subject: DockerfileSubject, path: str) -> bool | None:
    # Reading is for the few whose names leave it open.
    verdict = secret_file(path, None)
    if verdict is None and subject.context is not None:
        text = subject.context.read_text(path)
        return None if text is None else secret_file(path, text)
    return verdict


RULE = Rule(
    id="LIO802",
    name="secret-file-copied",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A file with credentials is copied into a stage.",
    why=(
        "Everyone who can pull the image can read it, also when a later instruction removes it; and from a build stage it reaches every "
        "exported build cache."
    ),
    fix="mount it for the command that needs it: RUN --mount=type=secret,id=npmrc,target=/root/.npmrc",
    fix_in_spec="leave it out of inputs, and give the step a BuildSecret",
    bad="COPY .env app.py ./",
    good="COPY app.py ./\nRUN --mount=type=secret,id=env,target=/run/env ./configure /run/env",
    dockerfile=_check,
)
