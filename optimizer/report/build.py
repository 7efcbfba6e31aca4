"""What a build made, as text and as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from optimizer.model.publication import LayerResult
from optimizer.report.sizes import size_text
from optimizer.report.table import table


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltImage:
    """An image that was written: ``name`` is what it is of, ``reference`` its name there, and ``output`` where it went."""

    name: str
    reference: str
    output: str
    platform: str
    digest: str
    config_digest: str
    layers: tuple[LayerResult, ...]
    seconds: float


def build_as_text(built: BuiltImage) -> str:
    """The layers above the base, and where the image is."""
    rows = [[layer.stage, layer.source, size_text(layer.size)] for layer in built.layers]
    lines = [table(["layer", "source", "size"], rows)] if rows else []
    return "\n".join([*lines, f"{built.reference} ({built.platform}, {built.digest}) in {built.output}, {built.seconds:.1f} s"])


def build_to_dict(built: BuiltImage) -> dict[str, Any]:
    """The same as data for JSON; sizes in bytes, times in seconds."""
    layers = [
        {"stage": layer.stage, "key": layer.key, "source": layer.source, "size": layer.size, "seconds": round(layer.seconds, 3)}
        for layer in built.layers
    ]
    return {**asdict(built), "layers": layers, "seconds": round(built.seconds, 3)}


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltIndex:
    """An index that was written with its images, in the words of :class:`BuiltImage`."""

    name: str
    reference: str
    output: str
    digest: str
    images: tuple[BuiltImage, ...]
    seconds: float


def index_as_text(built: BuiltIndex) -> str:
    """Its images, and where the index is."""
    line = f"{built.reference} (index of {len(built.images)} images, {built.digest}) in {built.output}, {built.seconds:.1f} s"
    return "\n".join([*map(build_as_text, built.images), line])


def index_to_dict(built: BuiltIndex) -> dict[str, Any]:
    """The same as data for JSON; sizes in bytes, times in seconds."""
    return {**asdict(built), "images": list(map(build_to_dict, built.images)), "seconds": round(built.seconds, 3)}
