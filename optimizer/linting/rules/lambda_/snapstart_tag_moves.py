"""LIO635: SnapStart in a template of SAM whose image has a tag that moves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.snapstart import asks_for_snapstart, unknown
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject

_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    declared = subject.declared
    # What SAM builds gets a tag by its content when it is pushed.
    asked = asks_for_snapstart(subject)
    if not declared.serverless or not declared.qualifiers or subject.image or asked is False:
        return
    tag = _tag(_text(declared.properties.get("ImageUri")))
    # A tag with a number in it may well be one for each release.
    if not tag or any(character.isdigit() for character in tag):
        return
    if asked is None:
        yield from unknown(subject)
    else:
        yield Violation(
            message=f'the tag "{tag}" says nothing of what is in the image: another image under it makes no new version, and no new snapshot',
            span=subject.place("ImageUri"),
        )


def _tag(address: str) -> str:
    """The tag of an image; empty for one with a digest, and where only a deployment knows it."""
    name = _PLACEHOLDER.sub("$", address).rpartition("/")[2]
    head, separator, tag = name.partition(":")
    if "@" in name or "$" in (tag if separator else head) or not head:
        return ""
    return tag or "latest"


def _text(value: Any) -> str:
    """The text of an address, with placeholders for what only a deployment knows; empty where it has another form."""
    if isinstance(value, Mapping) and "Fn::Sub" in value:
        value = value["Fn::Sub"]
        value = value[0] if isinstance(value, list) and value else value
    return value if isinstance(value, str) else ""


RULE = Rule(
    id="LIO635",
    name="snapstart-tag-moves",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A function of SAM has SnapStart, and its ImageUri has a tag under which other images will be pushed.",
    why=(
        "For AutoPublishAlias, SAM makes a version when ImageUri, Environment, MemorySize or SnapStart of the function changes (translator 1.115.0). The text of "
        "a tag such as latest stays the same when another image is pushed under it, so the alias goes on with the old version and its snapshot."
    ),
    fix="name the image by its digest or by a tag of its content, or let SAM build it",
    bad=(
        "Api:\n  Type: AWS::Serverless::Function\n  Properties:\n    PackageType: Image\n    SnapStart: {ApplyOn: PublishedVersions}\n"
        "    AutoPublishAlias: live\n    ImageUri: 111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop:latest"
    ),
    good=(
        "Api:\n  Type: AWS::Serverless::Function\n  Properties:\n    PackageType: Image\n    SnapStart: {ApplyOn: PublishedVersions}\n"
        "    AutoPublishAlias: live\n    ImageUri: 111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop:2026-11-29"
    ),
    example="yaml",
    function=_check,
)
