"""LIO614: a function on Managed Instances of another architecture than its capacity provider gives."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.instances import CONFIG, on_instances
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    declared = subject.declared
    allowed = declared.provider_architectures
    if not allowed or not on_instances(declared):
        return
    if declared.architecture is None:
        yield Inconclusive(reason="the architecture of the function is known at deployment only", span=subject.place(CONFIG))
    elif declared.architecture not in allowed:
        yield Violation(
            message=f"the function is {declared.architecture}, and its capacity provider gives {', '.join(allowed)}",
            span=subject.place(CONFIG),
            hint="build the image for that architecture, or change InstanceRequirements of the provider",
        )


RULE = Rule(
    id="LIO614",
    name="architecture-not-of-provider",
    severity=Severity.INFO,
    since="0.1.0",
    summary="A function on Managed Instances has another architecture than its capacity provider gives instances of.",
    why=(
        "The capacity provider decides on which processors such a function runs, and no instance of another architecture runs the image. CDK, SAM "
        "and cfn-lint let the two differ. That the deployment fails then, or that no environment ever starts, is concluded from the fields of the "
        "provider and not said by AWS, so this is a note."
    ),
    fix="build the image for an architecture of InstanceRequirements of the provider",
    bad="arm64, where InstanceRequirements of the provider has Architectures: [x86_64]",
    good="x86_64, where InstanceRequirements of the provider has Architectures: [x86_64]",
    example="text",
    function=_check,
)
