"""LIO644: more memory than a function has outside of Managed Instances."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.instances import on_instances
from optimizer.linting.facts.properties import hidden, number, property_of
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject
from optimizer.model.limits import MEMORY, MEMORY_WITHOUT_INSTANCES


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    managed = on_instances(subject.declared)
    if not managed:
        yield from hidden(subject, ("MemorySize",))
    size = number(property_of(subject.declared, "MemorySize"))
    # More than an instance gives is the matter of LIO643.
    if size is None or size not in MEMORY or size in MEMORY_WITHOUT_INSTANCES:
        return
    if managed is None:
        yield Inconclusive(
            reason="whether the function runs on Managed Instances is known at deployment only", span=subject.place("MemorySize")
        )
    elif not managed:
        yield Violation(
            message=f"MemorySize is {size:.15g} MB, and the function has no capacity provider", span=subject.place("MemorySize")
        )


RULE = Rule(
    id="LIO644",
    name="memory-needs-managed-instances",
    severity=Severity.INFO,
    since="0.1.0",
    summary="A function has more than 10,240 MB of memory, and does not run on Managed Instances.",
    why=(
        "Lambda's quotas give a function 128 to 10,240 MB, and cannot be raised; the 32,768 MB of the API are those of Managed Instances. The "
        "API itself does not say which bound holds where: that it refuses more is concluded from both, so this is a note. Neither CDK, nor SAM, nor cfn-lint looks at it."
    ),
    fix="ask for 10,240 MB at most, or give the function a capacity provider",
    bad='lambda_.DockerImageFunction(self, "Api", code=code, memory_size=16384)',
    good='lambda_.DockerImageFunction(self, "Api", code=code, memory_size=10240)',
    example="python",
    function=_check,
)
