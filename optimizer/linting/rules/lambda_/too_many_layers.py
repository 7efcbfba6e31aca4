"""LIO658: the image has more layers than an engine runs."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import ImageSubject
from optimizer.linting.violations import in_image

_MOST = 125
"""Docker mounts no more layers than about this many."""


def _check(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    count = len(subject.analysis.layers)
    if count > _MOST:
        yield in_image(f"the image has {count} layers; Docker runs images of at most about {_MOST}")


RULE = Rule(
    id="LIO658",
    name="too-many-layers",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The image has more than 125 layers.",
    why=(
        "Docker cannot start it, so nobody can run the function before it is deployed. LIO610 reports it in the Dockerfile, and earlier: "
        "from the number on at which the manifest grows too large."
    ),
    fix="copy more at a time: fewer instructions in the final stage",
    bad="(an image of 130 layers)",
    good="(an image of 12 layers)",
    example="text",
    image=_check,
)
