"""LIO604: files get modes with which the function's user cannot read them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from optimizer.dockerfile.copies import Copy
from optimizer.dockerfile.shell import Command
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_OCTAL = re.compile(r"0*[0-7]{3,4}")
_SYMBOLIC = re.compile(r"[ugoa]*(?:[-+=][rwxXst]*)+(?:,[ugoa]*(?:[-+=][rwxXst]*)+)*")


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.final_stages:
        found = dict(subject.copies(item))
        for index, instruction in enumerate(item.stage.instructions):
            if index in found:
                yield from _copied(subject, found[index])
            for command in subject.commands(instruction):
                yield from _changed(command)


def _copied(subject: DockerfileSubject, copy: Copy) -> Iterator[Verdict]:
    flag = copy.instruction.flag("chmod")
    if flag is None or not flag.value:
        return
    span = copy.instruction.at(flag)
    if "$" in flag.value:
        yield Inconclusive(reason=f'"{flag.value}" depends on a value that only the build decides', span=span)
        return
    readable, searchable = _rights(flag.value)
    directory = next((source.value for source in copy.sources if source.value and _is_directory(subject, copy, source.value)), None)
    if not readable:
        yield Violation(message=f'mode "{flag.value}": only the owner can read the files', span=span)
    elif directory is not None and not searchable:
        yield Violation(
            message=f'mode "{flag.value}": only root can read the directory "{directory}"',
            span=span,
            hint="write --chmod=u=rwX,go=rX, which gives directories x and files only where they have it, or 755",
        )


def _is_directory(subject: DockerfileSubject, copy: Copy, value: str) -> bool:
    if value.endswith("/") or value in (".", "./"):
        return True
    return copy.origin is None and subject.context is not None and "*" not in value and subject.context.names(value.strip("/")) is not None


def _changed(command: Command) -> Iterator[Verdict]:
    if command.program != "chmod":
        return
    index = next((index for index, word in enumerate(command.words[1:], 1) if not re.fullmatch(r"-[a-zA-Z-]+|--", word)), None)
    if index is None or index + 1 >= len(command.words):
        return
    mode, paths = command.words[index], command.words[index + 1 :]
    # What no function reads may be private.
    if all(path.startswith(("/etc/", "/root", "/home", "/tmp")) for path in paths):
        return
    if not _rights(mode)[0]:
        yield Violation(message=f'chmod {mode}: only the owner can read "{paths[0]}"', span=command.span)


def _rights(mode: str) -> tuple[bool, bool]:
    """Whether others may read a file, and look into a directory; True where that is left as it was, or is unknown."""
    if _OCTAL.fullmatch(mode):
        others = int(mode[-1])
        return bool(others & 4), bool(others & 1)
    if not _SYMBOLIC.fullmatch(mode):
        return True, True
    readable = searchable = True
    for clause in mode.split(","):
        who = re.match(r"[ugoa]*", clause)
        assert who is not None
        if who[0] and not set(who[0]) & {"o", "a"}:
            continue
        for sign, rights in re.findall(r"([-+=])([rwxXst]*)", clause[who.end() :]):
            if sign == "=":
                readable, searchable = "r" in rights, bool(set(rights) & {"x", "X"})
            elif sign == "-":
                readable, searchable = readable and "r" not in rights, searchable and "x" not in rights
            else:
                readable, searchable = readable or "r" in rights, searchable or bool(set(rights) & {"x", "X"})
    return readable, searchable


RULE = Rule(
    id="LIO604",
    name="unreadable-mode",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="Files of the image cannot be read by the user that runs the function.",
    why="Lambda runs every function as an unprivileged user of its own, which is neither the owner of a file nor in its group: reading fails with EACCES.",
    fix="write --chmod=u=rwX,go=rX, or 644 for files and 755 for programs and directories",
    bad="FROM public.ecr.aws/lambda/python:3.13\nCOPY --chmod=600 app.py ${LAMBDA_TASK_ROOT}/",
    good="FROM public.ecr.aws/lambda/python:3.13\nCOPY --chmod=644 app.py ${LAMBDA_TASK_ROOT}/",
    dockerfile=_check,
)
