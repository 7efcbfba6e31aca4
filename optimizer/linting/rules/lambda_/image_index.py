"""LIO652: the name leads to an index, and not to an image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import ImageSubject
from optimizer.linting.violations import in_image
from optimizer.model.reference import ImageReference

if TYPE_CHECKING:
    from optimizer.model.image import Image


def _check(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    image = subject.analysis.image
    if image.indexed:
        count = image.attestations
        attested = [f"{count} attestation{'' if count == 1 else 's'}"] if count else []
        held = ", ".join([*image.platforms, *attested])
        message = f"the name is that of an image index{f' ({held})' if held else ''}; allowed: the manifest of one image"
        yield in_image(message, hint=f"{_build(image)}{_repair(image)}")


def _build(image: Image) -> str:
    """How to build the image without an index, by what makes the index."""
    if len(image.platforms) > 1:
        return "build for one platform: docker buildx build --platform linux/amd64 --provenance=false --sbom=false"
    return "build without attestations: docker buildx build --provenance=false --sbom=false, or set BUILDX_NO_DEFAULT_ATTESTATIONS=1 for the build"


def _repair(image: Image) -> str:
    """How to have the image alone without another build."""
    if image.source != "registry" or not image.digest:
        return ""
    name = ImageReference.parse(image.name).name
    command = f"docker buildx imagetools create --prefer-index=false --tag {name}:NEW_TAG {name}@{image.digest}"
    return f"; or take the image for {image.operating_system}/{image.architecture} out of the index, under another tag: {command}"


RULE = Rule(
    id="LIO652",
    name="image-index",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The name of the image is that of an image index.",
    why=(
        "A function takes the manifest of one image only: of anything else Lambda says that the media type is not supported. Builders make an "
        "index for several platforms, and also for one platform with attestations, which buildx adds unless this is switched off: so does docker "
        "build where the engine keeps images in containerd's store, the default since Docker 29. Only a customer-managed runtime takes an index: "
        "set the rule aside for the images of runtimes."
    ),
    fix="build one platform without attestations: docker buildx build --provenance=false --sbom=false --platform linux/amd64",
    bad="docker buildx build --platform linux/amd64 --tag $IMAGE --push .",
    good="docker buildx build --platform linux/amd64 --provenance=false --sbom=false --tag $IMAGE --push .",
    example="console",
    image=_check,
)
