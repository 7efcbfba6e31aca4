"""LIO608: the code is not where AWS's entrypoint looks for the handler."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from optimizer.bases.recognise import WORKDIR, LambdaBase
from optimizer.dockerfile.scope import absolute
from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.base_image import has_entrypoint_of_aws, lambda_base_of, last
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_PATHS = ("CLASSPATH", "GEM_PATH", "LD_LIBRARY_PATH", "NODE_PATH", "PYTHONPATH", "RUBYLIB")
"""Variables with which a runtime finds code elsewhere."""


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    base = lambda_base_of(subject, conventions)
    if not isinstance(base, LambdaBase) or base.family in ("go", "provided") or not has_entrypoint_of_aws(subject, conventions):
        return
    final = subject.final_stages[-1]
    workdir = final.workdirs[-1]
    instruction = last(subject, "WORKDIR")
    if instruction is None or workdir is None or _below(workdir):
        return
    if any(name in final.environment for name in _PATHS) or _reaches_task_root(subject):
        return
    targets = [
        absolute(copy.target or "", item.workdirs[index]) or "" for item in subject.final_stages for index, copy in subject.copies(item)
    ]
    if any(posixpath.join(target, "").startswith(posixpath.join(workdir, "")) for target in targets):
        yield Violation(message=f'the handler is looked for in "{WORKDIR}", and everything is in "{workdir}"', span=instruction.head)


def _below(path: str) -> bool:
    return path == WORKDIR or path.startswith(f"{WORKDIR}/")


def _reaches_task_root(subject: DockerfileSubject) -> bool:
    """Whether something may put code into the task's directory, as far as is known."""
    for item in subject.final_stages:
        for index, copy in subject.copies(item):
            target = absolute(copy.target, item.workdirs[index]) if copy.target is not None else None
            if target is None or _below(target) or WORKDIR.startswith(posixpath.join(target, "")):
                return True
        if any(word in i.value for i in item.stage.instructions if i.keyword == "RUN" for word in (WORKDIR, "LAMBDA_TASK_ROOT")):
            return True
    return False


RULE = Rule(
    id="LIO608",
    name="handler-out-of-reach",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="WORKDIR and all copies are outside the directory in which the runtime looks for the handler.",
    why="AWS's runtimes import the handler from LAMBDA_TASK_ROOT, which is /var/task, and not from the working directory: every invocation fails with an import error.",
    fix="remove WORKDIR, or copy the code to ${LAMBDA_TASK_ROOT}",
    bad='FROM public.ecr.aws/lambda/python:3.13\nWORKDIR /app\nCOPY app.py ./\nCMD ["app.handler"]',
    good='FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ${LAMBDA_TASK_ROOT}/\nCMD ["app.handler"]',
    dockerfile=_check,
)
