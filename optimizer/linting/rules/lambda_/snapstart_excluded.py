"""LIO632: SnapStart beside a property that it excludes."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.properties import HIDDEN, property_of, whole_number
from optimizer.linting.facts.snapstart import asks_for_snapstart, unknown
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject

_LARGEST_TMP = 512
_EXCLUDED = {"FileSystemConfigs": "a file system (EFS or S3 Files)", "TenancyConfig": "tenant isolation"}
_SIZE = ("EphemeralStorage", "Size")


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    found = [*_excluded(subject)]
    asked = asks_for_snapstart(subject)
    if asked is None and found:
        yield from unknown(subject)
    elif asked:
        yield from found


def _excluded(subject: FunctionSubject) -> Iterator[Verdict]:
    for name, what in _EXCLUDED.items():
        value = property_of(subject.declared, name)
        if value is HIDDEN:
            yield Inconclusive(reason=f"whether the function has {what} is known at deployment only", span=subject.place(name))
        elif value:
            yield Violation(message=f"SnapStart does not work with {what}", span=subject.place(name))
    size = property_of(subject.declared, *_SIZE)
    number = whole_number(size)
    if size is HIDDEN:
        yield Inconclusive(reason="the size of the ephemeral storage is known at deployment only", span=subject.place(*_SIZE))
    elif number is not None and number > _LARGEST_TMP:
        message = f"SnapStart does not work with {number} MB of ephemeral storage; allowed: {_LARGEST_TMP} at most"
        yield Violation(message=message, span=subject.place(*_SIZE))


RULE = Rule(
    id="LIO632",
    name="snapstart-excluded",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A function has SnapStart, and a property with which Lambda refuses it.",
    why=(
        "Lambda refuses SnapStart together with EFS, S3 Files, more than 512 MB of ephemeral storage, and tenant isolation. CDK refuses the first, third and "
        "fourth in its own constructs, SAM the last; cfn-lint 1.58.0 is silent for images."
    ),
    fix="leave out the property, or SnapStart",
    bad=(
        "Api:\n  Type: AWS::Lambda::Function\n  Properties:\n    PackageType: Image\n    SnapStart: {ApplyOn: PublishedVersions}\n"
        "    EphemeralStorage: {Size: 2048}"
    ),
    good=(
        "Api:\n  Type: AWS::Lambda::Function\n  Properties:\n    PackageType: Image\n    SnapStart: {ApplyOn: PublishedVersions}\n"
        "    EphemeralStorage: {Size: 512}"
    ),
    example="yaml",
    function=_check,
)
