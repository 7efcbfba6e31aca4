"""LIO633: SnapStart beside provisioned concurrency."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.snapstart import asks_for_snapstart, unknown
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    asked = asks_for_snapstart(subject)
    provisioned = [item for item in subject.declared.qualifiers if item.provisioned is not False]
    place = subject.place("ProvisionedConcurrencyConfig")
    if asked is None and provisioned:
        yield from unknown(subject)
    if not asked:
        return
    for item in provisioned:
        kind = "alias" if item.alias else "version"
        if item.provisioned:
            yield Violation(message=f"SnapStart does not work with provisioned concurrency, which the {kind} {item.name} has", span=place)
        else:
            yield Inconclusive(reason=f"whether the {kind} {item.name} has provisioned concurrency is known at deployment only", span=place)


RULE = Rule(
    id="LIO633",
    name="snapstart-with-provisioned-concurrency",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A function has SnapStart, and a version or an alias of it has provisioned concurrency.",
    why="Lambda takes one or the other: provisioned concurrency keeps initialized environments running, SnapStart restores them when they are needed.",
    fix="leave out the provisioned concurrency, or SnapStart",
    bad=(
        "Api:\n  Type: AWS::Serverless::Function\n  Properties:\n    PackageType: Image\n    SnapStart: {ApplyOn: PublishedVersions}\n"
        "    AutoPublishAlias: live\n    ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 2}"
    ),
    good=(
        "Api:\n  Type: AWS::Serverless::Function\n  Properties:\n    PackageType: Image\n    SnapStart: {ApplyOn: PublishedVersions}\n"
        "    AutoPublishAlias: live"
    ),
    example="yaml",
    function=_check,
)
