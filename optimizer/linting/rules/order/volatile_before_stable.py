"""LIO303: files that change often are copied before files that change seldom."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping

from optimizer.dockerfile.copies import Copy
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject
from optimizer.model.stability import Stability


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    if not conventions.stabilities:
        return
    for item in subject.needed_stages:
        most: tuple[Stability, Copy] | None = None
        for _, copy in subject.copies(item):
            # A linked copy does not depend on what comes before it.
            stability = None if copy.instruction.flag("link") else _stability(copy, conventions.stabilities)
            if stability is None:
                continue
            if most is not None and stability < most[0]:
                first = most[1].instruction
                message = f"this {stability.phrase}, and line {first.line} before it {most[0].phrase}"
                yield Violation(message=message, span=copy.instruction.head, hint=f"move it above line {first.line}, or add --link")
            if most is None or most[0] < stability:
                most = (stability, copy)


def _stability(copy: Copy, stabilities: Mapping[str, Stability]) -> Stability | None:
    """How often a copy changes: as its most volatile source; None where the conventions do not set it."""
    found = []
    for source in copy.from_context:
        path = (source.value or "").removeprefix("./").strip("/")
        stability = next((value for pattern, value in stabilities.items() if fnmatch.fnmatchcase(path, pattern)), None)
        if stability is None:
            return None
        found.append(stability)
    return max(found) if found else None


RULE = Rule(
    id="LIO303",
    name="volatile-before-stable",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="Files that are configured to change often are copied before files that change seldom.",
    why=(
        "A changed copy builds every later instruction again. How often files change is set in the conventions (stabilities); nothing is "
        "found while it is not configured."
    ),
    fix="copy what changes seldom first",
    fix_in_spec="split it into two steps, so that each is built when its own files change",
    bad='stabilities = {"models/*": Stability.MONTHLY, "src": Stability.DAILY}\n\nCOPY src/ ./\nCOPY models/ranker.onnx /opt/ml/',
    good='stabilities = {"models/*": Stability.MONTHLY, "src": Stability.DAILY}\n\nCOPY models/ranker.onnx /opt/ml/\nCOPY src/ ./',
    example="text",
    dockerfile=_check,
)
