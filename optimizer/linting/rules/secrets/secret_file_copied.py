"""LIO802: a file that holds a secret is copied into the image."""

from __future__ import annotations

import posixpath
import re
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
            yield Violation(message=f'"{found}" is copied along, and holds a secret', span=source.span, hint=_advice(found, along=True))
    else:
        verdict = _holds_secret(subject, path)
        if verdict:
            yield Violation(message=f'"{source.value}" holds a secret', span=source.span, hint=_advice(path, along=False))
        elif verdict is None:
            yield Inconclusive(
                reason=f'"{source.value}" is not in the known context, so it is unknown whether it holds a secret', span=source.span
            )


_PLACES = {
    ".npmrc": "/root/.npmrc",
    ".yarnrc.yml": "/root/.yarnrc.yml",
    ".netrc": "/root/.netrc",
    "_netrc": "/root/.netrc",
    ".pypirc": "/root/.pypirc",
    "pip.conf": "/root/.config/pip/pip.conf",
    ".git-credentials": "/root/.git-credentials",
    "settings.xml": "/root/.m2/settings.xml",
    "nuget.config": "/root/.nuget/NuGet/NuGet.Config",
    "config.json": "/root/.docker/config.json",
    "auth.json": "/root/.docker/config.json",
    "credentials": "/root/.aws/credentials",
}
"""Where the program that reads such a file looks for it, while root builds."""


def _advice(path: str, *, along: bool) -> str:
    """What to do with a file of the name."""
    name = posixpath.basename(path)
    leave = f"leave it out of the copy with the line {path} in .dockerignore" if along else "take it out of the copy"
    if name.lower().startswith(".env") or name.lower().endswith(".env"):
        return f"{leave}, and give the function its settings in its configuration, and secrets from Secrets Manager or Parameter Store"
    if name.startswith("id_"):
        return f"{leave}, and lend the build the key: RUN --mount=type=ssh"
    if name.lower() in _PLACES:
        identity = re.sub(r"[^a-z0-9]+", "", name.lower())
        return f"{leave}, and mount it for the command that needs it: RUN --mount=type=secret,id={identity},target={_PLACES[name.lower()]}"
    return f"{leave}; what a build needs of it comes from RUN --mount=type=secret, what the function needs from Secrets Manager"


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
    fix=(
        "leave the file out of the copy; give a build what it needs with RUN --mount=type=secret, and the function its secrets from Secrets "
        "Manager or Parameter Store"
    ),
    fix_in_spec="leave it out of inputs, and give the step a BuildSecret",
    bad="COPY .env app.py ./",
    good="COPY app.py ./",
    dockerfile=_check,
)
