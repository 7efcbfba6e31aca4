"""LIO653: attestations stand beside the image."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import ImageSubject
from optimizer.linting.violations import in_image


def _check(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    count = subject.analysis.image.attestations
    if count:
        noun = "attestation" if count == 1 else "attestations"
        yield in_image(f"the index holds {count} {noun}, which Lambda reads as images that it does not support")


RULE = Rule(
    id="LIO653",
    name="attestation-beside-image",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The index of the image has attestations too.",
    why=(
        "Provenance and SBOM are manifests of their own with layers that are not layers of files. Lambda reads them as images, and refuses what it "
        "finds."
    ),
    fix="build with --provenance=false --sbom=false, or set BUILDX_NO_DEFAULT_ATTESTATIONS=1 as cdk deploy does",
    bad="docker buildx build --platform linux/amd64 --tag $IMAGE --push .",
    good="export BUILDX_NO_DEFAULT_ATTESTATIONS=1\ndocker buildx build --platform linux/amd64 --tag $IMAGE --push .",
    example="console",
    image=_check,
)
