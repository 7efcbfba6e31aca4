"""LIO656: a layer is compressed by zstd."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import ImageSubject
from optimizer.linting.violations import in_image


def _check(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    for number, item in enumerate(subject.analysis.layers, 1):
        if item.content.compression == "zstd":
            yield in_image(f"layer {number} is compressed by zstd, which Lambda is not documented to support")


RULE = Rule(
    id="LIO656",
    name="layer-compressed-by-zstd",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A layer is compressed by zstd.",
    why="AWS documents nothing on zstd, and no image with such layers is known that Lambda accepted.",
    fix="build with compression=gzip",
    bad="docker buildx build --output type=image,name=$IMAGE,push=true,compression=zstd .",
    good="docker buildx build --output type=image,name=$IMAGE,push=true,compression=gzip .",
    example="console",
    image=_check,
)
