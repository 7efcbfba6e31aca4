"""LIO608: the code is not where AWS's entrypoint looks for the handler."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from optimizer.bases.recognise import WORKDIR, LambdaBase
from optimizer.dockerfile.copies import Source
from optimizer.dockerfile.instruction import Instruction
from optimizer.dockerfile.scope import absolute
from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.base_image import has_entrypoint_of_aws, lambda_base_of, last
from optimizer.linting.facts.early_copies import SOURCE_ENDINGS, is_code
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_PATHS = ("CLASSPATH", "GEM_PATH", "LD_LIBRARY_PATH", "NODE_PATH", "PYTHONPATH", "RUBYLIB")
"""Variables with which a runtime finds code elsewhere."""

_NOT_FOR_CODE = ("/bin", "/etc", "/home", "/lib", "/lib64", "/opt", "/root", "/run", "/sbin", "/tmp", "/usr", "/var")
"""Where images put what is no function's code; of /var/task, what reaches it is asked first."""

_SEARCHED = ("/opt/java", "/opt/nodejs", "/opt/python", "/opt/ruby", "/usr", "/var/lang", "/var/runtime")
"""Directories from which runtimes load code; source:
https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html#packaging-layers-paths"""

_ENDINGS = (".cjs", ".js", ".mjs", ".py", ".rb")


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    base = lambda_base_of(subject, conventions)
    if not isinstance(base, LambdaBase) or base.family in ("go", "provided") or not has_entrypoint_of_aws(subject, conventions):
        return
    final = subject.final_stages[-1]
    if any(name in final.environment for name in _PATHS) or _names_a_path(subject) or _reaches_task_root(subject):
        return
    placed = [
        (copy, source, absolute(copy.target or "", item.workdirs[index]) or "")
        for item in subject.final_stages
        for index, copy in subject.copies(item)
        for source in copy.sources
    ]
    workdir, instruction = final.workdirs[-1], last(subject, "WORKDIR")
    if instruction is not None and workdir is not None and not _below(workdir):
        if any(_within(target, workdir) for _, _, target in placed):
            yield Violation(message=f'the handler is looked for in "{WORKDIR}", and everything is in "{workdir}"', span=instruction.head)
        return
    # Where the file names a handler, that is in none of the other directories either.
    command = last(subject, "CMD")
    named, module = command is not None, _module(command)
    code = [
        (copy, source, target)
        for copy, source, target in placed
        if _is_handler(module, source, target) or ((named or is_code(subject, source)) and not _is_other(target))
    ]
    if code:
        copy, source, target = code[0]
        yield Violation(
            message=f'the handler is looked for in "{WORKDIR}", where nothing is put, and "{source.value}" is in "{target}"',
            span=copy.instruction.head,
        )


def _below(path: str) -> bool:
    return _within(path, WORKDIR)


def _within(path: str, directory: str) -> bool:
    return posixpath.join(path, "").startswith(posixpath.join(directory, ""))


def _module(command: Instruction | None) -> str:
    """The name of the file that the handler names, without its ending; empty where it names none."""
    return posixpath.basename(command.json[0]).partition(".")[0] if command is not None and command.json else ""


def _is_handler(module: str, source: Source, target: str) -> bool:
    """Whether it is the file that the handler names, at a place where no runtime looks for code."""
    stem, ending = posixpath.splitext(posixpath.basename(source.value or ""))
    return bool(module) and stem == module and ending in _ENDINGS and not any(_within(target, place) for place in _SEARCHED)


def _is_other(target: str) -> bool:
    return any(_within(target, directory) for directory in _NOT_FOR_CODE)


def _names_a_path(subject: DockerfileSubject) -> bool:
    """Whether the handler is named with a path from the root."""
    command = last(subject, "CMD")
    return command is not None and bool(command.json) and (command.json or ("",))[0].startswith("/")


def _reaches_task_root(subject: DockerfileSubject) -> bool:
    """Whether something may put code into the task's directory, as far as is known."""
    for item in subject.final_stages:
        for index, copy in subject.copies(item):
            target = absolute(copy.target, item.workdirs[index]) if copy.target is not None else None
            if target is None or _below(target):
                return True
            # A tree may hold the directory, and a file of code is no tree.
            if _within(WORKDIR, target) and not (copy.sources and all(_is_file(subject, source) for source in copy.sources)):
                return True
        if any(word in i.value for i in item.stage.instructions if i.keyword == "RUN" for word in (WORKDIR, "LAMBDA_TASK_ROOT")):
            return True
    return False


def _is_file(subject: DockerfileSubject, source: Source) -> bool:
    """Whether it is one file, by its ending or by the context."""
    if source.value is None or source.everything:
        return False
    if source.value.endswith(SOURCE_ENDINGS):
        return True
    if subject.context is None or set(source.value) & set("*?["):
        return False
    path = posixpath.normpath(source.value.lstrip("/"))
    return posixpath.basename(path) in (subject.context.names(posixpath.dirname(path)) or ())


RULE = Rule(
    id="LIO608",
    name="handler-out-of-reach",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The code is copied to a directory in which the runtime does not look for the handler.",
    why="AWS's runtimes import the handler from LAMBDA_TASK_ROOT, which is /var/task, and not from the working directory: every invocation fails with an import error.",
    fix="copy the code to ${LAMBDA_TASK_ROOT}, which is the working directory unless WORKDIR sets another",
    bad='FROM public.ecr.aws/lambda/python:3.13\nWORKDIR /app\nCOPY app.py ./\nCMD ["app.handler"]',
    good='FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ${LAMBDA_TASK_ROOT}/\nCMD ["app.handler"]',
    dockerfile=_check,
)
