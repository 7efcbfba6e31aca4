"""Built images for the cases of rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from optimizer.images.analysis import Base, ImageAnalysis
from optimizer.linting.finding import Location
from optimizer.linting.subjects import ImageSubject
from optimizer.model.image import Entry, Layer
from tests.images.archives import OCI_MANIFEST
from tests.images.test_analysis import analysed, image
from tests.images.test_overlay import entry
from tests.linting.cases import Case

BASE = Base(how="given", layers=1, note="")
"""Whoever stands on it answers not for what it holds."""

_TOP = [entry("var"), entry("var/task")]


def good(*more: Entry, layers: int = 1, media_type: str = "", base: Base | None = None, **settings: Any) -> ImageAnalysis:
    """An image that breaks no rule but by what is given; ``more`` are entries of its first layer."""
    made = image(*(f"layer {number}" for number in range(layers)), **settings)
    if media_type:
        described = tuple(Layer(diff_id=item.diff_id, digest="sha256:", media_type=media_type, compressed_bytes=9) for item in made.layers)
        made = replace(made, layers=described, media_type=OCI_MANIFEST)
    return analysed(made, [*_TOP, *more], *([[]] * (layers - 1)), base=base)


def stored(analysis: ImageAnalysis, **content: Any) -> ImageAnalysis:
    """The image with other contents of its layers."""
    return replace(analysis, layers=tuple(replace(layer, content=replace(layer.content, **content)) for layer in analysis.layers))


def subject(analysis: ImageAnalysis) -> ImageSubject:
    """The image in an archive."""
    return ImageSubject(analysis=analysis, location=Location(path="shop.tar"))


def breaks(analysis: ImageAnalysis, says: str = "", *, times: int = 1) -> Case:
    """An image that breaks the rule."""
    return Case(subject(analysis), (0,) * times, says)


def keeps(analysis: ImageAnalysis) -> Case:
    """An image that does not."""
    return Case(subject(analysis))
