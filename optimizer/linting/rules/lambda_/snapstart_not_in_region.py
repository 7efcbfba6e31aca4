"""LIO634: SnapStart in a Region that does not have it."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.snapstart import APPLY_ON, asks_for_snapstart, unknown
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject
from optimizer.model.snapstart import without_snapstart


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    if subject.region is None or not without_snapstart(subject.region):
        return
    asked = asks_for_snapstart(subject)
    if asked is None:
        yield from unknown(subject)
    elif asked:
        yield Violation(message=f"SnapStart is not available in {subject.region}", span=subject.place(*APPLY_ON))


RULE = Rule(
    id="LIO634",
    name="snapstart-not-in-region",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A function has SnapStart, and its stack is in a Region that does not have it.",
    why=(
        "SnapStart is available in all commercial Regions but Asia Pacific (New Zealand), ap-southeast-6, and Asia Pacific (Taipei), ap-east-2. China's and "
        "GovCloud's are not in the list of cfn-lint 1.58.0, whose E2530 says the same for the Regions that it is given, and of which CDK 2.275 warns."
    ),
    fix="leave out SnapStart in this Region",
    bad=(
        'stack = cdk.Stack(app, "Shop", env=cdk.Environment(account="111122223333", region="ap-east-2"))\n'
        'OptimizedFunction(stack, "Api", spec=spec, handler="app.handler", snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS)'
    ),
    good=(
        'stack = cdk.Stack(app, "Shop", env=cdk.Environment(account="111122223333", region="ap-east-2"))\n'
        'OptimizedFunction(stack, "Api", spec=spec, handler="app.handler")'
    ),
    example="python",
    function=_check,
)
