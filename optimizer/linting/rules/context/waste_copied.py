"""LIO506: version control, virtual environments and the like are copied along."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from optimizer.dockerfile.copies import Source
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import ContextFiles, DockerfileSubject
from optimizer.model.directories import GENERATED
from optimizer.model.ignore import IgnorePatterns

# A directory of installed Python packages may be meant: it is not found by chance in a project.
_WASTE = GENERATED - {"site-packages"}
_DEEPEST = 3
_MOST = 300
"""Of directories that are looked into, for one copy."""


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    ignore, patterns = subject.ignore_used, subject.ignored
    if subject.context is None or patterns is None:
        return
    built = any(
        install.ecosystem == "nodejs" for item in subject.needed_stages for i in item.stage.instructions for install in subject.installs(i)
    )
    for item in subject.needed_stages:
        for _, copy in subject.copies(item):
            for source in copy.from_context:
                # Without any pattern, another rule reports a copy of everything.
                if source.everything and not patterns.rules:
                    continue
                for path in _waste(subject.context, source, patterns):
                    name = posixpath.basename(path)
                    # What is not installed in the build must come from the context, and a build may ask for the commit.
                    if (name == "node_modules" and not built) or (name == ".git" and item.stage.index != subject.final):
                        continue
                    hint = ""
                    if ignore and name != path and any(line.strip().strip("/") == name for line in ignore.lines):
                        hint = f'write "**/{name}" in {ignore.path}: without it, the pattern applies to the root of the context only'
                    yield Violation(message=f'"{path}" is copied along', span=source.span, hint=hint)
                    break


def _waste(context: ContextFiles, source: Source, patterns: IgnorePatterns) -> Iterator[str]:
    """What is of no use to a function below the source, and is not left out; no tree is walked whole."""
    if source.value is None or any(character in source.value.rstrip("*") for character in "*?["):
        return
    start = posixpath.normpath(source.value.strip("/").rstrip("*") or ".")
    waiting = [(start, 0)]
    looked = 0
    while waiting and looked < _MOST:
        directory, depth = waiting.pop()
        looked += 1
        for name in context.names("" if directory == "." else directory) or ():
            if not name.endswith("/"):
                continue
            path = posixpath.normpath(posixpath.join(directory, name))
            if patterns.ignores(path):
                continue
            if name.rstrip("/") in _WASTE:
                yield path
            elif depth < _DEEPEST:
                waiting.append((path, depth + 1))


RULE = Rule(
    id="LIO506",
    name="waste-copied",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="Version control, a virtual environment, caches or outputs are copied along.",
    why=(
        "They make the image larger, contain files that were never meant to be shipped, and change although the function does not: it is built and deployed again. "
        "Packages of the developer's machine may also be for another system than Lambda's."
    ),
    fix="leave it out in .dockerignore, or copy only what the function needs",
    fix_in_spec="name in inputs only what the commands need",
    bad="functions/api/.venv/\n\nDockerfile:\nCOPY functions/api/ ./",
    good=".dockerignore:\n**/.venv\n\nDockerfile:\nCOPY functions/api/ ./",
    example="text",
    dockerfile=_check,
)
