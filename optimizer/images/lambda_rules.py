"""Lambda's rules for images, one small function each, in one table.

The ids are public: they never change their meaning, and none is used again.
They are of one series with those of ``optimizer lint``: a fault that shows in
a Dockerfile already has its id there.
Where AWS documents a rule its page is named; the others were reported by
people whose images were refused, which the severity takes into account.
Source: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from optimizer.images.analysis import ENTRYPOINT, LAMBDA_PLACES, ImageAnalysis, LayerAnalysis
from optimizer.images.overlay import Sample, sample_of

ERROR, WARNING = "error", "warning"

MAX_IMAGE_BYTES = 10 << 30
"""AWS says 10 GB, and counts in powers of two elsewhere; the larger reading flags nothing that would be taken."""

MAX_MANIFEST_BYTES = 25_400
MAX_LAYERS = 125
"""Docker mounts no more layers than about this many."""

_MEDIA_TYPES = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
_LAYER_TYPES = (
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.oci.image.layer.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.diff.tar.zstd",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One way in which an image breaks a rule; ``layer`` counts from 0, and is None for the whole image."""

    id: str
    name: str
    severity: str
    message: str
    fix: str
    layer: int | None = None
    paths: Sample = Sample()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a rule's check says: the message, where, and which paths."""

    message: str
    layer: int | None = None
    paths: Sample = Sample()


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaRule:
    """A rule: ``check`` gives nothing for an image that keeps it, or of which too little is known."""

    id: str
    name: str
    severity: str
    title: str
    fix: str
    check: Callable[[ImageAnalysis], Iterable[Found]]


def check_image(analysis: ImageAnalysis) -> tuple[Violation, ...]:
    """Every violation, in the order of the table, then of the layers."""
    return tuple(
        Violation(
            id=rule.id, name=rule.name, severity=rule.severity, message=found.message, fix=rule.fix, layer=found.layer, paths=found.paths
        )
        for rule in LAMBDA_RULES
        for found in rule.check(analysis)
    )


def _size(analysis: ImageAnalysis) -> Iterator[Found]:
    size = analysis.uncompressed_bytes
    if size > MAX_IMAGE_BYTES:
        yield Found(message=f"the layers have {size:,} bytes uncompressed; allowed: {MAX_IMAGE_BYTES:,} (10 GB)")


def _index(analysis: ImageAnalysis) -> Iterator[Found]:
    if analysis.image.indexed:
        yield Found(message="the name leads to an image index; allowed: the manifest of one image")


def _attestation(analysis: ImageAnalysis) -> Iterator[Found]:
    count = analysis.image.attestations
    if count:
        yield Found(
            message=f"the index holds {count} attestation{'' if count == 1 else 's'}, which Lambda takes for images that it does not support"
        )


def _media_type(analysis: ImageAnalysis) -> Iterator[Found]:
    given = analysis.image.media_type
    if given and given not in _MEDIA_TYPES:
        yield Found(message=f'the manifest has the media type "{given}"; allowed: {", ".join(_MEDIA_TYPES)}')
    for number, layer in _own_type(analysis):
        if layer.layer.media_type not in _LAYER_TYPES:
            yield Found(message=f'the layer has the media type "{layer.layer.media_type}", which Lambda does not support', layer=number)


def _uncompressed(analysis: ImageAnalysis) -> Iterator[Found]:
    for number, layer in _own_type(analysis):
        if layer.content.compression == "none":
            yield Found(message="the layer is stored uncompressed; allowed: gzip", layer=number)


def _zstd(analysis: ImageAnalysis) -> Iterator[Found]:
    for number, layer in enumerate(analysis.layers):
        if layer.content.compression == "zstd":
            yield Found(message="the layer is compressed by zstd, which AWS does not say that Lambda takes", layer=number)


def _history(analysis: ImageAnalysis) -> Iterator[Found]:
    steps = sum(not step.empty for step in analysis.image.history)
    if steps != len(analysis.layers):
        yield Found(message=f"the history tells of {steps} layers, and the image has {len(analysis.layers)}")


def _layer_count(analysis: ImageAnalysis) -> Iterator[Found]:
    if len(analysis.layers) > MAX_LAYERS:
        yield Found(message=f"the image has {len(analysis.layers)} layers; Docker runs images of at most about {MAX_LAYERS}")


def _manifest_size(analysis: ImageAnalysis) -> Iterator[Found]:
    size = analysis.image.manifest_bytes
    if size is not None and size > MAX_MANIFEST_BYTES:
        yield Found(message=f"the manifest has {size:,} bytes; AWS advises at most {MAX_MANIFEST_BYTES:,}")


def _platform(analysis: ImageAnalysis) -> Iterator[Found]:
    image = analysis.image
    if image.operating_system != "linux" or image.architecture not in ("amd64", "arm64"):
        yield Found(message=f'the image is for "{image.operating_system}/{image.architecture}"; allowed: linux/amd64, linux/arm64')


def _hard_link(analysis: ImageAnalysis) -> Iterator[Found]:
    for number, layer in enumerate(analysis.layers):
        links = layer.content.hard_links
        if links.count and not layer.from_base:
            yield Found(message=f"the layer holds {links.count} hard link{'' if links.count == 1 else 's'}", layer=number, paths=links)


def _parent_directory(analysis: ImageAnalysis) -> Iterator[Found]:
    for number, layer in enumerate(analysis.layers):
        orphans = layer.content.orphans
        if orphans.count and not layer.from_base:
            noun = "directory that has no entry itself" if orphans.count == 1 else "directories that have no entries themselves"
            yield Found(message=f"the layer holds entries of {orphans.count} {noun}", layer=number, paths=orphans)


def _unreadable(analysis: ImageAnalysis) -> Iterator[Found]:
    if analysis.unreadable:
        paths = sample_of(f"{entry.path} ({entry.mode:04o})" for entry in analysis.unreadable)
        noun = "path that Lambda's unprivileged user" if paths.count == 1 else "paths that Lambda's unprivileged user"
        yield Found(message=f"{', '.join('/' + place for place in LAMBDA_PLACES)} hold {paths.count} {noun} cannot read", paths=paths)


def _user(analysis: ImageAnalysis) -> Iterator[Found]:
    if analysis.image.user.partition(":")[0] not in ("", "root", "0"):
        yield Found(message=f'the image sets the user "{analysis.image.user}"; Lambda runs every function as a user of its own')


def _volume(analysis: ImageAnalysis) -> Iterator[Found]:
    if analysis.image.volumes:
        yield Found(
            message=f"the image declares {', '.join(analysis.image.volumes)} as volumes; Lambda has none, and only /tmp can be written"
        )


def _command(analysis: ImageAnalysis) -> Iterator[Found]:
    image = analysis.image
    if image.entrypoint == (ENTRYPOINT,) and len(image.command) > 1:
        yield Found(message=f"the command {list(image.command)} has {len(image.command)} words; AWS's entrypoint takes one, the handler")


def _own_type(analysis: ImageAnalysis) -> Iterator[tuple[int, LayerAnalysis]]:
    """The layers of which the source says how a registry has them."""
    return ((number, layer) for number, layer in enumerate(analysis.layers) if layer.layer.media_type)


LAMBDA_RULES: tuple[LambdaRule, ...] = (
    LambdaRule(
        id="LIO651",
        name="image-too-large",
        severity=ERROR,
        title="An image has at most 10 GB uncompressed",
        fix="leave out what the function does not need, or load large files at run time from S3 or EFS",
        check=_size,
    ),
    LambdaRule(
        id="LIO652",
        name="image-index",
        severity=ERROR,
        title="The image is one manifest, not an index",
        fix="build one platform without attestations: docker buildx build --provenance=false --sbom=false --platform linux/amd64",
        check=_index,
    ),
    LambdaRule(
        id="LIO653",
        name="attestation-beside-image",
        severity=ERROR,
        title="No attestations beside the image",
        fix="build with --provenance=false --sbom=false, or set BUILDX_NO_DEFAULT_ATTESTATIONS=1 as cdk deploy does",
        check=_attestation,
    ),
    LambdaRule(
        id="LIO654",
        name="media-type-not-supported",
        severity=ERROR,
        title="Manifest and layers have media types of Docker (schema 2) or OCI",
        fix="build with docker build, or convert the image",
        check=_media_type,
    ),
    LambdaRule(
        id="LIO655",
        name="layer-uncompressed",
        severity=ERROR,
        title="Layers are compressed by gzip",
        fix="push with docker push, or tell the tool that wrote the layers to compress them by gzip",
        check=_uncompressed,
    ),
    LambdaRule(
        id="LIO656",
        name="layer-compressed-by-zstd",
        severity=WARNING,
        title="Layers are not compressed by zstd",
        fix="build with compression=gzip",
        check=_zstd,
    ),
    LambdaRule(
        id="LIO657",
        name="history-incomplete",
        severity=WARNING,
        title="The history covers every layer",
        fix="let the tool that wrote the image add one entry of history per layer",
        check=_history,
    ),
    LambdaRule(
        id="LIO658",
        name="too-many-layers",
        severity=WARNING,
        title="At most 125 layers",
        fix="copy more at a time: fewer instructions in the final stage",
        check=_layer_count,
    ),
    LambdaRule(
        id="LIO659",
        name="manifest-too-large",
        severity=WARNING,
        title="The manifest has at most 25,400 bytes",
        fix="make fewer layers, and drop annotations",
        check=_manifest_size,
    ),
    LambdaRule(
        id="LIO660",
        name="platform-not-supported",
        severity=ERROR,
        title="The image is for linux/amd64 or linux/arm64",
        fix="build with --platform linux/amd64 or linux/arm64, the same as the function's architecture",
        check=_platform,
    ),
    LambdaRule(
        id="LIO661",
        name="hard-link-in-layer",
        severity=WARNING,
        title="Layers hold no hard links",
        fix="copy instead of linking, for example UV_LINK_MODE=copy, or copy the tree through a build stage",
        check=_hard_link,
    ),
    LambdaRule(
        id="LIO662",
        name="parent-directory-missing",
        severity=ERROR,
        title="Every directory of a layer has an entry of its own",
        fix="let the tool that wrote the layer add an entry for each parent directory; docker build does",
        check=_parent_directory,
    ),
    LambdaRule(
        id="LIO663",
        name="file-unreadable",
        severity=ERROR,
        title="Everyone can read what the function needs",
        fix="set the modes in the build stage: files to 0644 or 0755, directories to 0755",
        check=_unreadable,
    ),
    LambdaRule(
        id="LIO602",
        name="user-set",
        severity=WARNING,
        title="The image sets no user",
        fix="remove USER from the final stage",
        check=_user,
    ),
    LambdaRule(
        id="LIO601",
        name="instruction-without-effect",
        severity=WARNING,
        title="The image declares no volumes",
        fix="remove VOLUME, and write to /tmp",
        check=_volume,
    ),
    LambdaRule(
        id="LIO603",
        name="command-with-several-words",
        severity=ERROR,
        title="With AWS's entrypoint, the command is one word",
        fix='write CMD ["module.handler"], or set the handler on the function',
        check=_command,
    ),
)
