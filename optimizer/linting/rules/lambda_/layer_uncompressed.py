"""LIO655: a layer is stored uncompressed."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import ImageSubject
from optimizer.linting.violations import in_image


def _check(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    for number, item in enumerate(subject.analysis.layers, 1):
        # Without a media type the source does not say how a registry has the layer, as docker save does not.
        if item.layer.media_type and item.content.compression == "none":
            yield in_image(f"layer {number} is stored uncompressed; allowed: gzip")


RULE = Rule(
    id="LIO655",
    name="layer-uncompressed",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A layer is stored uncompressed.",
    why="Lambda has refused images with uncompressed layers, which tools write that assemble images without an engine.",
    fix="push with docker push, or make the tool that wrote the layers compress them with gzip",
    bad="docker buildx build --output type=image,name=$IMAGE,push=true,compression=uncompressed .",
    good="docker buildx build --output type=image,name=$IMAGE,push=true,compression=gzip .",
    example="console",
    image=_check,
)
