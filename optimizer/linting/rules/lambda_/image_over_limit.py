"""LIO671: the image is larger than the company allows."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import ImageSubject


def _check(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    if conventions.max_image_bytes is None:
        return
    stored = [layer.layer.compressed_bytes for layer in subject.analysis.layers]
    sizes = [layer.content.estimated_bytes if size is None else size for size, layer in zip(stored, subject.analysis.layers, strict=True)]
    known = [size for size in sizes if size is not None]
    if sum(known) > conventions.max_image_bytes:
        about = "about " if None in stored else ""
        yield Violation(message=f"the layers have {about}{sum(known)} bytes; allowed: {conventions.max_image_bytes}")
    elif None in sizes:
        yield Inconclusive(reason="the size of the layers in a registry is unknown for this source of the image")


RULE = Rule(
    id="LIO671",
    name="image-over-limit",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The image is larger than the company allows.",
    why=(
        "A large image is pulled, pushed and optimised by Lambda for longer at every change. Counted are the layers as a registry stores them, "
        "compressed; where the source of an image has them uncompressed, as docker save does, they are compressed to estimate it. "
        "Nothing is found while max_image_bytes is not configured."
    ),
    fix="leave out what the function does not need: optimizer inspect shows what takes the space",
    bad="[conventions]\nmax_image_bytes = 250_000_000\n\n(an image of 900 MB)",
    good="[conventions]\nmax_image_bytes = 250_000_000\n\n(an image of 90 MB)",
    example="text",
    image=_check,
)
