"""LIO613: a base image that AWS does not list for Managed Instances."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.instances import on_instances, support_of
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject
from optimizer.model.recipes.programs import RustProgram


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    # Whether it runs there at all, LIO643 says where it is not known.
    if subject.dockerfile is None or not on_instances(subject.declared):
        return
    found = support_of(subject.dockerfile, "managed-instances", conventions)
    if isinstance(found, Inconclusive):
        yield Inconclusive(reason=f"whether Managed Instances take the image: {found.reason}")
    elif found.answer == "unlisted":
        yield Violation(message="the function runs on Managed Instances, and AWS does not list the runtime of its base image for them")
    elif found.answer == "needs" and not _is_rust(subject):
        yield Inconclusive(reason=f"the image needs {found.needs.replace('`', '')}, which cannot be seen in it")


def _is_rust(subject: FunctionSubject) -> bool:
    plan = subject.dockerfile.plan if subject.dockerfile else None
    return plan is not None and any(isinstance(stage.recipe, RustProgram) for stage in plan.stages)


RULE = Rule(
    id="LIO613",
    name="base-not-for-managed-instances",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A function runs on Managed Instances, and AWS does not list the runtime of its base image for them.",
    why=(
        "An environment on Managed Instances takes several requests at once, which the runtime client of the image has to do. AWS lists Java 21, "
        "Python 3.13, Node.js 22 and .NET 8 and all later ones, and Rust on provided.al2023; [lambda-features.md](../lambda-features.md) has every "
        "base. That Lambda refuses others is nowhere said of images, so this is a warning."
    ),
    fix="take a newer runtime, or take the capacity provider out",
    bad='spec = ImageSpec(runtime="python3.12", steps=[SourceCode("functions/api")])\nprovider.add_function(OptimizedFunction(self, "Api", spec=spec, handler="app.handler"))',
    good='spec = ImageSpec(runtime="python3.13", steps=[SourceCode("functions/api")])\nprovider.add_function(OptimizedFunction(self, "Api", spec=spec, handler="app.handler"))',
    example="python",
    function=_check,
)
