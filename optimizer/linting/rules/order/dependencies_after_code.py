"""LIO304: the final image takes code first, and the dependencies after it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from optimizer.bases.recognise import lambda_base
from optimizer.dockerfile.copies import Copy
from optimizer.dockerfile.scope import absolute
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_DIRECTORIES = frozenset(["dependencies", "dependency", "node_modules", "site-packages"])
"""Directories, in the source, that hold dependencies and nothing else."""

_JARS = "/var/task/lib"
"""Where a function of Java has its libraries.
Source: https://docs.aws.amazon.com/lambda/latest/dg/java-image.html"""


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.final_stages:
        base = lambda_base(item.image, conventions.mirror) if item.image is not None else None
        java = base is not None and base.family == "java"
        code: Copy | None = None
        for index, copy in subject.copies(item):
            target = absolute(copy.target, item.workdirs[index]) if copy.target is not None else None
            linked = copy.instruction.flag("link") is not None
            dependencies = bool(copy.sources) and all(_is_dependencies(source.value, target, java) for source in copy.sources)
            if dependencies and code is not None and not linked:
                yield Violation(
                    message=f"the dependencies are copied after the code of line {code.instruction.line}",
                    span=copy.instruction.head,
                    hint=f"move the copy above line {code.instruction.line}, or add --link",
                )
            elif not dependencies and code is None and _is_code(copy, target, java):
                code = copy


def _is_dependencies(value: str | None, target: str | None, java: bool) -> bool:
    if value is None:
        return False
    parts = [part for part in value.split("/") if part and not part.startswith("*")]
    if parts and parts[-1] in _DIRECTORIES:
        return True
    return target == _JARS and (value.endswith(".jar") or java)


def _is_code(copy: Copy, target: str | None, java: bool) -> bool:
    """Whether it brings code into the task's directory, as far as names tell."""
    if target is None or posixpath.join(target, "").startswith(f"{_JARS}/") or not posixpath.join(target, "").startswith("/var/task/"):
        return False
    return any(source.value is not None and not _is_dependencies(source.value, target, java) for source in copy.sources)


RULE = Rule(
    id="LIO304",
    name="dependencies-after-code",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The final image takes the code first, and the dependencies after it.",
    why=(
        "Code changes with every deployment. What is copied after it is copied again then, and a machine that pulls the image "
        "downloads those layers again."
    ),
    fix="copy the dependencies first",
    bad="COPY target/classes ${LAMBDA_TASK_ROOT}\nCOPY target/dependency/* ${LAMBDA_TASK_ROOT}/lib/",
    good="COPY target/dependency/* ${LAMBDA_TASK_ROOT}/lib/\nCOPY target/classes ${LAMBDA_TASK_ROOT}",
    dockerfile=_check,
)
