"""LIO153: the function has an architecture that the company does not allow."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Inconclusive, Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject
from optimizer.linting.violations import not_allowed


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    if not conventions.architectures:
        return
    if subject.declared.architecture is None:
        yield Inconclusive(reason="only the deployment decides the architecture")
    else:
        yield from not_allowed("architecture", subject.declared.architecture, conventions.architectures)


RULE = Rule(
    id="LIO153",
    name="architecture-not-allowed",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The function has an architecture that the company does not allow.",
    why=(
        "Functions of two architectures share no layer that holds machine code, and are built on two kinds of machines. Nothing is found while "
        "architectures are not configured."
    ),
    fix="give the function an allowed architecture, or have this one added to architectures",
    fix_in_spec="set an allowed architecture in the specification, or have this one added to architectures",
    bad='[conventions]\narchitectures = ["arm64"]\n\narchitecture=lambda_.Architecture.X86_64',
    good='[conventions]\narchitectures = ["arm64"]\n\narchitecture=lambda_.Architecture.ARM_64',
    example="text",
    function=_check,
)
