"""LIO636: SnapStart in a template of SAM that keeps every version."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.properties import property_of
from optimizer.linting.facts.snapstart import APPLY_ON, asks_for_snapstart, unknown
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    declared = subject.declared
    asked = asks_for_snapstart(subject)
    if not declared.serverless or not declared.qualifiers or asked is False:
        return
    # SAM deletes the versions of a function with a capacity provider by itself; whatever is set was thought of.
    if any(property_of(declared, name) is not None for name in ("VersionDeletionPolicy", "CapacityProviderConfig")):
        return
    if asked is None:
        yield from unknown(subject)
    else:
        yield Violation(
            message="SAM keeps every version of the function, and the snapshot of each is billed", span=subject.place(*APPLY_ON)
        )


RULE = Rule(
    id="LIO636",
    name="snapstart-versions-kept",
    severity=Severity.INFO,
    since="0.1.0",
    summary="A function of SAM has SnapStart, and nothing says what becomes of its old versions.",
    why=(
        "SAM keeps the versions that AutoPublishAlias makes (DeletionPolicy: Retain). The snapshot of a published version of an image is billed until the version "
        "is deleted, whether it runs or not."
    ),
    fix="write VersionDeletionPolicy: Delete, or Retain where old versions shall stay and somebody deletes them",
    bad=(
        "Api:\n  Type: AWS::Serverless::Function\n  Properties:\n    PackageType: Image\n    SnapStart: {ApplyOn: PublishedVersions}\n"
        "    AutoPublishAlias: live"
    ),
    good=(
        "Api:\n  Type: AWS::Serverless::Function\n  Properties:\n    PackageType: Image\n    SnapStart: {ApplyOn: PublishedVersions}\n"
        "    AutoPublishAlias: live\n    VersionDeletionPolicy: Delete"
    ),
    example="yaml",
    function=_check,
)
