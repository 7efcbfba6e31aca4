"""LIO652: the name leads to an index, and not to an image."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import ImageSubject
from optimizer.linting.violations import in_image


def _check(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    if subject.analysis.image.indexed:
        yield in_image("the name is that of an image index; allowed: the manifest of one image")


RULE = Rule(
    id="LIO652",
    name="image-index",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The name of the image is that of an image index.",
    why=(
        "Lambda accepts the manifest of one image only, and ends with the message that the media type is not supported. Builders "
        "make an index "
        "for several platforms, and also for one platform with attestations, which buildx adds unless this is switched off."
    ),
    fix="build one platform without attestations: docker buildx build --provenance=false --sbom=false --platform linux/amd64",
    bad="docker buildx build --platform linux/amd64 --tag $IMAGE --push .",
    good="docker buildx build --platform linux/amd64 --provenance=false --sbom=false --tag $IMAGE --push .",
    example="console",
    image=_check,
)
