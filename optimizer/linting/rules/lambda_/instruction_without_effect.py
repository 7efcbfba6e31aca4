"""LIO601: instructions that Lambda does not obey."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.dockerfile.instruction import Instruction, Position, Span
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Edit, Fix, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject, ImageSubject
from optimizer.linting.violations import in_image

_WHY = {
    "EXPOSE": "a function has no ports",
    "HEALTHCHECK": "Lambda checks no health",
    "STOPSIGNAL": "Lambda sends its own signals",
    "VOLUME": "Lambda mounts no volumes, and its file system is read-only outside /tmp",
}


def _check_dockerfile(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.final_stages:
        for instruction in item.stage.instructions:
            if instruction.keyword in _WHY and instruction.arguments.upper() != "NONE":
                yield Violation(
                    message=f"{instruction.keyword}: {_WHY[instruction.keyword]}",
                    span=instruction.head,
                    fix=Fix(title="remove the instruction", edits=(_deletion(subject, instruction),)),
                )


def _check_image(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    volumes = subject.analysis.image.volumes
    if volumes:
        yield in_image(f"the image declares {', '.join(volumes)} as volumes; Lambda has none, and only /tmp can be written")


def _deletion(subject: DockerfileSubject, instruction: Instruction) -> Edit:
    first, last = instruction.span.start.line, instruction.span.end.line
    lines = subject.dockerfile.lines
    end = Position(last + 1, 1) if last < len(lines) else Position(last, len(lines[last - 1]) + 1)
    return Edit(path=subject.path, span=Span(Position(first, 1), end), text="")


RULE = Rule(
    id="LIO601",
    name="instruction-without-effect",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="VOLUME, HEALTHCHECK, EXPOSE or STOPSIGNAL in the final image, which Lambda ignores.",
    why="They promise what does not happen. A VOLUME also makes builders drop later changes below its path.",
    fix="remove the instruction",
    bad="FROM public.ecr.aws/lambda/python:3.13\nEXPOSE 8080\nVOLUME /data",
    good="FROM public.ecr.aws/lambda/python:3.13",
    dockerfile=_check_dockerfile,
    image=_check_image,
)
