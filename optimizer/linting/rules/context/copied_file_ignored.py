"""LIO505: an ignore file leaves out what the Dockerfile copies."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from optimizer.dockerfile.instruction import Instruction, Span
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    ignore = subject.ignore_used
    if ignore is None:
        return
    patterns = subject.ignored
    if patterns is None:
        yield Inconclusive(reason=f'"{ignore.path}" is too long to be checked')
        return
    for item in subject.needed_stages:
        wanted = [
            (source.value, source.span) for _, copy in subject.copies(item) for source in copy.from_context if source.value is not None
        ]
        wanted += [pair for instruction in item.stage.instructions for pair in _bound(instruction)]
        for value, span in wanted:
            path = posixpath.normpath(value.lstrip("/") or ".")
            if path == "." or path.startswith("..") or any(character in value for character in "*?[$"):
                continue
            # Of a directory that is left out, something may still be taken back.
            if patterns.ignores(path) and not (patterns.may_take_back and _may_be_directory(subject, value, path)):
                yield Violation(message=f'"{value}" is left out by "{ignore.path}"', span=span)


def _bound(instruction: Instruction) -> Iterator[tuple[str, Span]]:
    """What a RUN mounts from the build context."""
    for flag in instruction.flags:
        fields = flag.fields() if flag.name == "mount" else {}
        if fields and fields.get("type", "bind") == "bind" and not fields.get("from"):
            source = fields.get("source") or fields.get("src")
            if source:
                yield source, instruction.at(flag)


def _may_be_directory(subject: DockerfileSubject, value: str, path: str) -> bool:
    if value.endswith("/") or subject.context is None:
        return value.endswith("/") or "." not in posixpath.basename(path)
    return subject.context.names(path) is not None


RULE = Rule(
    id="LIO505",
    name="copied-file-ignored",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The ignore file leaves out what the Dockerfile copies.",
    why="The builder never sees the file, and the build fails with a message that names the file and not the reason.",
    fix="remove the pattern, or include the file again with !<path> below it",
    bad=".dockerignore:\n*.txt\n\nDockerfile:\nCOPY requirements.txt ./",
    good=".dockerignore:\n*.txt\n!requirements.txt\n\nDockerfile:\nCOPY requirements.txt ./",
    example="text",
    dockerfile=_check,
)
