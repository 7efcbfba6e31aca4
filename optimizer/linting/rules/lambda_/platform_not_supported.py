"""LIO660: the image is for a platform that Lambda does not have."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import ImageSubject
from optimizer.linting.violations import in_image
from optimizer.model.architectures import PLATFORMS, architecture_of_oci


def _check(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    image = subject.analysis.image
    if image.operating_system != "linux" or architecture_of_oci(image.architecture) is None:
        yield in_image(f'the image is for "{image.operating_system}/{image.architecture}"; allowed: {", ".join(PLATFORMS)}')


RULE = Rule(
    id="LIO660",
    name="platform-not-supported",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The image is for another platform than linux/amd64 and linux/arm64.",
    why="Lambda runs nothing else; the function cannot be created, or ends with exec format error.",
    fix="build with --platform linux/amd64 or linux/arm64, the same as the function's architecture",
    bad="docker build --platform linux/arm/v7 --tag $IMAGE .",
    good="docker build --platform linux/arm64 --tag $IMAGE .",
    example="console",
    image=_check,
)
