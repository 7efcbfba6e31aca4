"""LIO659: the manifest is larger than AWS advises."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import ImageSubject
from optimizer.linting.violations import in_image

_MOST_BYTES = 25_400
"""Source: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html"""


def _check(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    size = subject.analysis.image.manifest_bytes
    if size is not None and size > _MOST_BYTES:
        yield in_image(f"the manifest has {size:,} bytes; AWS advises at most {_MOST_BYTES:,}")


RULE = Rule(
    id="LIO659",
    name="manifest-too-large",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The manifest of the image has more than 25,400 bytes.",
    why=(
        "AWS advises manifests below this size for the best performance. Each layer adds more than a hundred bytes, and annotations add "
        "theirs."
    ),
    fix="make fewer layers, and drop annotations",
    bad="(a manifest of 150 layers)",
    good="(a manifest of 12 layers)",
    example="text",
    image=_check,
)
