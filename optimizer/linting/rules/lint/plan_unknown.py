"""LIO006: a generated Dockerfile whose plan is not known, or is not its own."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.dockerfile.instruction import Position, Span
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_FIRST_LINE = Span(Position(1, 1), Position(1, 1))


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    if subject.plan_note:
        yield Violation(message=subject.plan_note, span=_FIRST_LINE)


RULE = Rule(
    id="LIO006",
    name="plan-unknown",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A generated Dockerfile of a synthesized app was changed, or the plan beside it is missing, damaged or of another version.",
    why=(
        "`optimizer plan`, `lint` and `bake` read what an image is from the plan that synthesis keeps beside it. Without that, findings do not "
        "name the step that they belong to, and bake builds the image apart from the others."
    ),
    fix="change the specification, not the generated file, and run cdk synth again",
    bad="# edited by hand in cdk.out\ncdk synth\nsed -i s/app.py/main.py/ cdk.out/asset.*/Dockerfile\noptimizer lint cdk.out",
    good="cdk synth\noptimizer lint cdk.out",
    example="sh",
    dockerfile=_check,
)
