"""LIO305: an argument that differs at every build stands before what it makes run again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from optimizer.dockerfile.instruction import Instruction, Span
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_VOLATILE = re.compile(
    r"(?:.*_)?(?:BUILD_?(?:DATE|ID|NO|NUM|NUMBER|TIME|TIMESTAMP)|CACHE_?BUST(?:ER)?|(?:GIT_?)?(?:COMMIT|SHA|REVISION)(?:_?(?:HASH|ID|REF|SHA|TIME))?|"
    r"GIT_?(?:HASH|REF|REV|VERSION|DESCRIBE)|VCS_?REF|CI_?JOB_?ID|RUN_?(?:ID|NUMBER)|PIPELINE_?ID|TIMESTAMP)",
    re.IGNORECASE,
)
"""Names of variables that differ from build to build, or from commit to commit."""

_MOST = 50
"""Of such variables in one stage; more are no sign of anything."""


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    # By stage: the variables that are declared at its end and were not reported, with their places.
    ends: dict[int, dict[str, tuple[Span, str]]] = {}
    for item in subject.needed_stages:
        waiting = dict(ends.get(item.parent, {})) if item.parent is not None else {}
        for instruction in item.stage.instructions:
            if instruction.keyword in ("ARG", "ENV"):
                if len(waiting) < _MOST:
                    waiting.update(_declared(instruction))
            elif instruction.keyword == "RUN" and waiting:
                for name in [name for name in waiting if not _uses(instruction, name)]:
                    span, keyword = waiting.pop(name)
                    line = instruction.line
                    yield Violation(
                        message=f'{keyword} "{name}" differs at every build, so that RUN on line {line}, which does not use it, runs again',
                        span=span,
                        hint=f"declare it below line {line}",
                    )
        ends[item.stage.index] = waiting


def _declared(instruction: Instruction) -> Iterator[tuple[str, tuple[Span, str]]]:
    for name, value, word in instruction.pairs():
        # An ENV with a constant differs as seldom as the file itself.
        if _VOLATILE.fullmatch(name) and (instruction.keyword == "ARG" or "$" in (value or "")):
            yield name, (instruction.at(word), instruction.keyword)


def _uses(instruction: Instruction, name: str) -> bool:
    pattern = re.compile(rf"\b{re.escape(name)}\b")
    return bool(pattern.search(instruction.value)) or any(pattern.search(heredoc.body.text) for heredoc in instruction.heredocs)


RULE = Rule(
    id="LIO305",
    name="cache-busting-argument",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="An argument that differs at every build is declared before a RUN that does not use it.",
    why="Every RUN sees the arguments that are declared before it, and runs again when one of them has another value: with a build number, always.",
    fix="declare the argument just before what uses it, after the installations",
    fix_in_spec="take it out of build_arguments, and set it in the environment of the function",
    bad="ARG GIT_SHA\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt --target /packages\nENV VERSION=$GIT_SHA",
    good="COPY requirements.txt ./\nRUN pip install -r requirements.txt --target /packages\nARG GIT_SHA\nENV VERSION=$GIT_SHA",
    dockerfile=_check,
)
