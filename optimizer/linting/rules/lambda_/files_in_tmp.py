"""LIO611: files of the image are in /tmp, where a function does not see them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from optimizer.dockerfile.instruction import Span
from optimizer.dockerfile.scope import absolute
from optimizer.dockerfile.shell import Command
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_TMP = "/tmp"
_OPTIONS = {
    "aria2c": ("-d", "--dir"),
    "curl": ("-o", "--output", "--output-dir"),
    "gem": ("-i", "--install-dir"),
    "npm": ("--prefix", "-C"),
    "pip": ("-t", "--target", "--prefix", "--root"),
    "pip3": ("-t", "--target", "--prefix", "--root"),
    "tar": ("-C", "--directory"),
    "unzip": ("-d",),
    "wget": ("-O", "-P", "--output-document", "--directory-prefix"),
}
"""Options that name what is written."""

_MOST = 100
"""Of such files in one image; more are no sign of anything."""

_LAST = ("cp", "git", "install", "ln", "mv", "rsync")
"""Programs whose last word is what they write."""


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    written: list[tuple[str, Span, str]] = []
    for item in subject.final_stages:
        copies = dict(subject.copies(item))
        for index, instruction in enumerate(item.stage.instructions):
            if index in copies:
                copy = copies[index]
                target = absolute(copy.target, item.workdirs[index]) if copy.target is not None else None
                if target is not None and _in_tmp(target) and len(written) < _MOST:
                    shown = copy.sources[0].value if copy.sources and copy.sources[0].value else "the file"
                    written.append((target, instruction.head, f'"{shown}" is copied to "{target}"'))
                continue
            for command in subject.commands(instruction):
                # What a later command reads was needed while the image was built.
                written = [entry for entry in written if not _mentions(command, entry[0])]
                path = _path_written(command)
                if path and len(written) < _MOST:
                    written.append((path, command.span, f'{command.program} writes to "{path}"'))
            if instruction.keyword == "RUN" and instruction.heredocs and not subject.commands(instruction):
                written = [entry for entry in written if not any(_TMP in item.body.text for item in instruction.heredocs)]
    for _, span, message in written:
        yield Violation(message=message, span=span)


def _in_tmp(path: str) -> bool:
    return path == _TMP or path.startswith(f"{_TMP}/")


def _mentions(command: Command, path: str) -> bool:
    """Whether the command names the path, something in it, or a directory above it."""
    parts = path.split("/")
    above = {"/".join(parts[:count]) for count in range(2, len(parts) + 1)}
    for word in command.words:
        at = word.find(_TMP)
        named = word[at:].rstrip("/*") if at >= 0 else ""
        if named and (named in above or named.startswith(f"{path}/") or path.startswith(named)):
            return True
    return False


def _path_written(command: Command) -> str:
    """The path below /tmp that the command writes; empty where it writes none, as far as its words show."""
    words = command.words
    options = _OPTIONS.get(command.program, ())
    if command.program.startswith("python") and words[1:3] == ("-m", "pip"):
        options = _OPTIONS["pip"]
    for option, value in itertools.pairwise(words):
        if option in options and _in_tmp(value):
            return value.rstrip("/")
    for word in words[1:]:
        option, equals, value = word.partition("=")
        if equals and option in options and _in_tmp(value):
            return value.rstrip("/")
    if command.program in _LAST and len(words) > 2 and _in_tmp(words[-1]):
        return words[-1].rstrip("/")
    return ""


RULE = Rule(
    id="LIO611",
    name="files-in-tmp",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="Files that nothing uses while the image is built are put into /tmp.",
    why="Lambda mounts an empty file system at /tmp when it starts a function: what the image has there cannot be seen, and only makes the image larger.",
    fix="put the files into ${LAMBDA_TASK_ROOT} or /opt, and let the function copy them to /tmp if it must write to them",
    bad="FROM public.ecr.aws/lambda/python:3.13\nCOPY model.onnx /tmp/model.onnx",
    good="FROM public.ecr.aws/lambda/python:3.13\nCOPY model.onnx /opt/ml/model.onnx",
    dockerfile=_check,
)
