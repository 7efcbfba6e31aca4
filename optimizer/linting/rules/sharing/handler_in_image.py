"""LIO903: images that differ in their handler alone."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from optimizer.dockerfile.instruction import Instruction
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject, ContextFiles, DockerfileSubject

_MOST_FILES = 2000


def _check(subject: AppSubject, conventions: Conventions) -> Iterator[Verdict]:
    groups: dict[tuple[object, ...], list[tuple[DockerfileSubject, Instruction]]] = {}
    for file in subject.dockerfiles:
        command = _command(file)
        if command is not None and file.context is not None:
            groups.setdefault(_without(file, command), []).append((file, command))
    for group in groups.values():
        first, chosen = group[0]
        for file, command in group[1:]:
            if command.arguments != chosen.arguments and _same(first.context, file.context):
                yield Violation(
                    message=f'the image differs from that of "{first.shown}" in its command only',
                    path=file.path,
                    construct=file.construct,
                    span=command.head,
                )


def _command(file: DockerfileSubject) -> Instruction | None:
    """The command of the image, where the stage that is built gives it."""
    stage = file.final_stage
    found = [item for item in stage.stage.instructions if item.keyword == "CMD"] if stage else []
    return found[-1] if found else None


def _without(file: DockerfileSubject, command: Instruction) -> tuple[object, ...]:
    """Everything that makes the image, but its command."""
    instructions = tuple(
        (item.keyword, tuple((flag.name, flag.value) for flag in item.flags), item.arguments)
        for stage in file.needed_stages
        for item in (stage.stage.start, *stage.stage.instructions)
        if item is not command
    )
    # Equal texts with other build arguments are other images.
    values = tuple((stage.image, stage.expanded) for stage in file.needed_stages)
    return instructions, values, file.platform


def _same(one: ContextFiles | None, other: ContextFiles | None) -> bool:
    """Whether both contexts hold the same files, Dockerfiles aside; False where that is unknown."""
    if one is None or other is None:
        return False
    if one == other:
        return True
    waiting, seen = [""], 0
    while waiting:
        directory = waiting.pop()
        names, theirs = _names(one, directory), _names(other, directory)
        if names is None or names != theirs:
            return False
        for name in names:
            seen += 1
            path = posixpath.join(directory, name.rstrip("/"))
            if seen > _MOST_FILES:
                return False
            if name.endswith("/"):
                waiting.append(path)
            elif one.read_text(path) is None or one.read_text(path) != other.read_text(path):
                return False
    return True


def _names(files: ContextFiles, directory: str) -> list[str] | None:
    names = files.names(directory)
    return None if names is None else [name for name in names if "dockerfile" not in name.lower()]


RULE = Rule(
    id="LIO903",
    name="handler-in-image",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="Images of one app differ in their command only.",
    why=(
        "The handler belongs to the function's image configuration: functions of the same code then share one image, which is built and "
        "pushed once, and started from a cache that is warm."
    ),
    fix="build one image, and give each function its handler: cmd= in CDK, ImageConfig.Command in a template",
    bad='Dockerfile.get: CMD ["app.get"]\nDockerfile.put: CMD ["app.put"]',
    good=(
        'lambda_.DockerImageCode.from_image_asset("api", cmd=["app.get"])\nlambda_.DockerImageCode.from_image_asset("api", cmd=["app.put"])'
    ),
    example="text",
    app=_check,
)
