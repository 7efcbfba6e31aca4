"""LIO654: a manifest or a layer has a media type that Lambda does not know."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import ImageSubject
from optimizer.linting.violations import in_image

_MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
_LAYERS = (
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.oci.image.layer.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.diff.tar.zstd",
)


def _check(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    given = subject.analysis.image.media_type
    if given and given not in _MANIFESTS:
        yield in_image(f'the manifest has the media type "{given}"; allowed: {", ".join(_MANIFESTS)}')
    for number, item in enumerate(subject.analysis.layers, 1):
        kind = item.layer.media_type
        if kind and kind not in _LAYERS:
            yield in_image(f'layer {number} has the media type "{kind}", which Lambda does not support')


RULE = Rule(
    id="LIO654",
    name="media-type-not-supported",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The manifest or a layer has a media type that is neither Docker's (schema 2) nor OCI's for an image.",
    why=(
        "Lambda takes images of Docker's schema 2 and of OCI 1.0 or later, and refuses artefacts of other kinds that a registry stores as "
        "well."
    ),
    fix="build with docker build, or convert the image",
    bad="oras push $IMAGE function.zip:application/zip",
    good="docker build --tag $IMAGE . && docker push $IMAGE",
    example="console",
    image=_check,
)
