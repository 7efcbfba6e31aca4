"""LIO403: SOURCE_DATE_EPOCH is the time of a commit or of the build."""

from __future__ import annotations

import re
from collections.abc import Iterator

from optimizer.dockerfile.instruction import Instruction, SourceText
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_NAME = "SOURCE_DATE_EPOCH"
_COMPUTED = re.compile(rf"{_NAME}=[\"']?(?:\$\(|`)[ \t]*(?P<program>git|date)\b(?P<rest>[^)`\n]{{0,200}})")
_CONSTANT_DATE = re.compile(r"(?:^|[ \t])(?:-d|--date|-r|--reference)(?:[ \t=]|[\"']?@?\d)")


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.needed_stages:
        for instruction, values in zip(item.stage.instructions, item.expanded, strict=True):
            if instruction.keyword == "RUN":
                yield from _in_text(instruction.source)
                for heredoc in instruction.heredocs:
                    yield from _in_text(heredoc.body)
            elif instruction.keyword in ("ARG", "ENV"):
                yield from _in_variables(instruction, values)


def _in_text(source: SourceText) -> Iterator[Verdict]:
    for match in _COMPUTED.finditer(source.text):
        if match["program"] == "date" and _CONSTANT_DATE.search(match["rest"]):
            continue
        what = "of the commit" if match["program"] == "git" else "of the build"
        yield Violation(message=f"{_NAME} is the time {what}", span=source.span(match.start(), match.start() + len(_NAME)))


def _in_variables(instruction: Instruction, values: tuple[str | None, ...]) -> Iterator[Verdict]:
    for (name, _, word), value in zip(instruction.pairs(), values, strict=True):
        if name == _NAME and value is None:
            yield Inconclusive(reason=f"{_NAME} is what the build gives, perhaps the time of a commit", span=instruction.at(word))


RULE = Rule(
    id="LIO403",
    name="epoch-of-the-commit",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="SOURCE_DATE_EPOCH is the time of a commit, or of the build.",
    why=(
        "Every time that the build writes is then another one at every commit: all layers get new digests, although nothing in them has "
        "changed, and nothing is shared between two commits."
    ),
    fix="use one constant time, for example SOURCE_DATE_EPOCH=499162500",
    fix_in_spec="remove it from the step: every layer of a specification has one constant time",
    bad="COPY src/ ./\nRUN SOURCE_DATE_EPOCH=$(git log -1 --pretty=%ct) make",
    good="COPY src/ ./\nRUN SOURCE_DATE_EPOCH=499162500 make",
    dockerfile=_check,
)
