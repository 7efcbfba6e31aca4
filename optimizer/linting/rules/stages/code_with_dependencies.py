"""LIO205: code and dependencies reach the image in one layer."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from optimizer.dockerfile.installs import Install
from optimizer.dockerfile.scope import ResolvedStage, absolute
from optimizer.dockerfile.words import UnknownVariable, WordFault, expand
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_LINEAGE = 5
_MOST = 200
"""Of the places in one stage that are compared with each copy out of it."""


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    # Planning gives code stages of its own; what of it an installer reads is taken out of the tree again.
    if subject.planned:
        return
    judged: dict[int, tuple[list[str], list[str]]] = {}
    for item in subject.final_stages:
        for _, copy in subject.copies(item):
            origin = subject.resolved.names.get(copy.origin.lower()) if copy.origin else None
            if origin is None or origin >= item.stage.index:
                continue
            if origin not in judged:
                judged[origin] = _made(subject, origin)
            code, packages = judged[origin]
            for source in copy.sources:
                directory = absolute(source.value, "/") if source.value is not None else None
                if directory is None or "*" in directory:
                    continue
                if _holds(directory, code) and _holds(directory, packages):
                    yield Violation(
                        message=f'"{source.value}" of {subject.resolved.stages[origin].stage.title} holds code and dependencies',
                        span=source.span,
                    )


def _made(subject: DockerfileSubject, index: int) -> tuple[list[str], list[str]]:
    """Where the stage and those under it put code of the context, and where dependencies; what is unknown is left out."""
    code: list[str] = []
    packages: list[str] = []
    for number in subject.resolved.lineage(index, _LINEAGE):
        item = subject.resolved.stages[number]
        for position, copy in subject.copies(item):
            target = absolute(copy.target, item.workdirs[position]) if copy.target is not None else None
            if target is None:
                continue
            for source in copy.from_context:
                manifest = any(source.stable_beside(ecosystem) for ecosystem in ("python", "nodejs", "ruby"))
                if source.value is not None and not manifest and len(code) < _MOST:
                    code.append(target)
        for position, instruction in enumerate(item.stage.instructions):
            for install in subject.installs(instruction):
                place = _place(install, item, item.workdirs[position])
                if place is not None and len(packages) < _MOST:
                    packages.append(place)
    return code, packages


def _place(install: Install, stage: ResolvedStage, workdir: str | None) -> str | None:
    """Where the packages of an interpreted language land; None for others, and where it is unknown."""
    if install.ecosystem == "python":
        targets = install.value_of("-t", "--target")
        target = _known(targets[-1], stage) if targets else None
        return absolute(target, workdir) if target is not None else None
    if install.ecosystem == "nodejs":
        return absolute("node_modules", workdir) if not install.command.has("-g", "--global", "--prefix", "-C") else None
    if install.tool in ("bundle", "bundler"):
        return absolute("vendor/bundle", workdir)
    return None


def _known(path: str, stage: ResolvedStage) -> str | None:
    """The path with its variables as the stage has them; None where one is not known."""
    try:
        return expand(path, stage.environment, complete=False)
    except (UnknownVariable, WordFault):
        return None


def _holds(directory: str, places: list[str]) -> bool:
    return any(place == directory or place.startswith(posixpath.join(directory, "")) for place in places)


RULE = Rule(
    id="LIO205",
    name="code-with-dependencies",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="Code and dependencies are copied into the final image together.",
    why="They make one layer: an edit of one line pushes and stores every dependency again, and functions with equal dependencies share nothing.",
    fix="install the dependencies and put the code into directories of their own, and copy each by itself, the dependencies first",
    bad=(
        "FROM public.ecr.aws/lambda/python:3.13 AS build\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt --target /out\n"
        "COPY app.py /out/\n\nFROM public.ecr.aws/lambda/python:3.13\nCOPY --from=build /out /var/task"
    ),
    good=(
        "FROM public.ecr.aws/lambda/python:3.13 AS build\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt --target /packages\n\n"
        "FROM public.ecr.aws/lambda/python:3.13\nCOPY --from=build /packages /var/task\nCOPY app.py /var/task/"
    ),
    dockerfile=_check,
)
