"""LIO649: a durable function whose image does not hold the SDK."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.durable import durable_sdk
from optimizer.linting.facts.properties import is_set
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    if subject.dockerfile is None or not is_set(subject.declared, "DurableConfig"):
        return
    missing = durable_sdk(subject.dockerfile, conventions)
    if missing is None:
        yield Inconclusive(reason="no lock file shows whether the image holds the SDK of durable functions")
    elif missing:
        yield Violation(message=f"the function is durable, and no lock file of its image names {missing}")


RULE = Rule(
    id="LIO649",
    name="durable-sdk-missing",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A function has DurableConfig, and no lock file of its image names the SDK of durable functions.",
    why=(
        "AWS's steps for images are a base image, the SDK in it, and DurableConfig. The managed runtimes of Python and Node.js carry the SDK; "
        "of the base images nothing says so. Without it the function fails at its import. The locks of Python and Node.js are read, those of "
        "a NodeBuild step too; what another bundler wrote into the code itself is not seen."
    ),
    fix="add the SDK to the dependencies, and lock again: aws-durable-execution-sdk-python, or @aws/durable-execution-sdk-js",
    bad=(
        'spec = ImageSpec(runtime="python3.13", steps=[PythonDependencies("requirements.txt")])  # without the SDK\n'
        'OptimizedFunction(self, "Orders", spec=spec, handler="app.handler", durable_config=durable)'
    ),
    good=(
        "# requirements.txt: aws-durable-execution-sdk-python==... --hash=...\n"
        'spec = ImageSpec(runtime="python3.13", steps=[PythonDependencies("requirements.txt")])\n'
        'OptimizedFunction(self, "Orders", spec=spec, handler="app.handler", durable_config=durable)'
    ),
    example="python",
    function=_check,
)
