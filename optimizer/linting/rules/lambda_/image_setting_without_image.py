"""LIO647: a function from a zip archive with what only image functions have."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.properties import from_archive, is_set, property_of
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    declared = subject.declared
    if not from_archive(declared):
        return
    if is_set(declared, "ImageConfig"):
        yield Violation(message="the function has ImageConfig and no image", span=subject.place("ImageConfig"))
    for path in (("ImageUri",), ("Code", "ImageUri")):
        if property_of(declared, *path):
            yield Violation(message="the function has PackageType: Zip and names an image", span=subject.place(*path))


RULE = Rule(
    id="LIO647",
    name="image-setting-without-image",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A function from a zip archive has ImageConfig or ImageUri.",
    why=(
        "SAM refuses both, but for its own functions and at deployment alone; Lambda refuses an image for such a function (\"Please don't provide "
        'ImageUri when updating a function with packageType Zip"). cfn-lint and CDK do not look at it.'
    ),
    fix="write PackageType: Image, and take Runtime, Handler and Layers out; or take ImageConfig and ImageUri out",
    bad="Properties:\n  PackageType: Zip\n  Code:\n    ImageUri: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1",
    good="Properties:\n  PackageType: Image\n  Code:\n    ImageUri: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1",
    example="yaml",
    function=_check,
)
