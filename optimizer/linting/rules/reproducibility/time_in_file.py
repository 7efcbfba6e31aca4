"""LIO404: the time of the build is written into a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from optimizer.dockerfile.instruction import SourceText
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_PIPELINE = re.compile(r"(?:>&|&>|[^\n;&|]|\|(?!\|))+")
"""Commands joined by pipes, without a look at quotes."""

_DATE = re.compile(r"(?:^|[ \t(`])(?P<date>date)(?P<options>(?:[ \t]+[^ \t)`>|]+)*)(?=[ \t]*(?:[)`>|]|$))")
_CONSTANT = re.compile(r"[ \t](?:-d|--date|-r|--reference)")
_WRITES = re.compile(
    r"(?<![0-9&=>-])>>?(?![ \t]*(?:[&>]|/dev/(?:null|stderr|stdout|tty)))|\|[ \t]*tee[ \t]+(?!/dev/)|\bsed[ \t]+(?:-[A-Za-z]*[ \t]+){0,5}-[A-Za-z]{0,5}i"
)


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.needed_stages:
        for instruction in item.stage.instructions:
            if instruction.keyword == "RUN" and "date" in instruction.value:
                yield from _in_text(instruction.source)
            for heredoc in instruction.heredocs if instruction.keyword == "RUN" else ():
                yield from _in_text(heredoc.body)


def _in_text(source: SourceText) -> Iterator[Verdict]:
    for pipeline in _PIPELINE.finditer(source.text):
        if "date" not in pipeline[0] or not _WRITES.search(pipeline[0]):
            continue
        for match in _DATE.finditer(pipeline[0]):
            if not _CONSTANT.search(match["options"]):
                span = source.span(pipeline.start() + match.start("date"), pipeline.start() + match.end("date"))
                yield Violation(message="the time of the build is written into a file", span=span)
                break


RULE = Rule(
    id="LIO404",
    name="time-in-file",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The time of the build is written into a file.",
    why="The layer differs at every build, so it is pushed and stored again, and no two machines make the same image.",
    fix="write the time into a label or into the function's environment, which are not part of a layer",
    bad="RUN date > /var/task/build-date",
    good="RUN echo 1.4.2 > /var/task/version",
    dockerfile=_check,
)
