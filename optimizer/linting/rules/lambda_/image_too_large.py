"""LIO651: the image is larger than Lambda takes."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import ImageSubject
from optimizer.linting.violations import in_image

_MOST_BYTES = 10 << 30
"""AWS says 10 GB, and counts in powers of two elsewhere; the larger reading flags nothing that would be taken.
Source: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html"""


def _check(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    size = subject.analysis.uncompressed_bytes
    if size > _MOST_BYTES:
        yield in_image(f"the layers have {size:,} bytes uncompressed; allowed: {_MOST_BYTES:,} (10 GB)")


RULE = Rule(
    id="LIO651",
    name="image-too-large",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The layers of the image have more than 10 GB uncompressed.",
    why="Lambda refuses the image when the function is created or updated. Files that a later layer deletes count too.",
    fix=(
        "leave out what the function does not need, or load large files at run time from S3 or EFS: optimizer inspect shows what "
        "takes the space"
    ),
    bad="(an image of 12 GB uncompressed)",
    good="(an image of 2 GB uncompressed)",
    example="text",
    image=_check,
)
