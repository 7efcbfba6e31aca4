"""What a publication did, as text and as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from optimizer.model.publication import ImageResult, LeftImage
from optimizer.report.sizes import size_text
from optimizer.report.table import table


def publication_as_text(results: Sequence[ImageResult], left: Sequence[LeftImage], seconds: float) -> str:
    """The names of the images, with what was sent for each; a layer that two of them share is counted at both."""
    rows = [[result.reference, result.state, _layers(result), size_text(result.pushed_bytes)] for result in results]
    lines = [table(["image", "state", "layers", "sent"], rows)] if rows else []
    lines += [f"left to cdk deploy: {image.name}: {image.reason}" for image in left]
    pushed = [result for result in results if result.state == "pushed"]
    lines.append(f"{len(pushed)} of {len(results)} images pushed, {size_text(_sent(results))} of layers, in {seconds:.1f} s")
    return "\n".join(lines)


def publication_to_dict(results: Sequence[ImageResult], left: Sequence[LeftImage], seconds: float) -> dict[str, Any]:
    """The same as data for JSON; sizes in bytes, times in seconds."""
    images = [
        {
            "name": result.name,
            "reference": result.reference,
            "state": result.state,
            "digest": result.digest or None,
            "layers": [{**asdict(layer), "seconds": round(layer.seconds, 3)} for layer in result.layers],
        }
        for result in results
    ]
    return {
        "images": images,
        "left": [asdict(image) for image in left],
        "pushed_bytes": _sent(results),
        "seconds": round(seconds, 3),
    }


def _sent(results: Sequence[ImageResult]) -> int:
    """The bytes of layers that were sent, each layer of a repository once."""
    sent = {(result.reference.rpartition(":")[0], layer.key): layer.pushed for result in results for layer in result.layers}
    return sum(sent.values())


def _layers(result: ImageResult) -> str:
    counts: dict[str, int] = {}
    for layer in result.layers:
        counts[layer.source] = counts.get(layer.source, 0) + 1
    return ", ".join(f"{count} {source}" for source, count in sorted(counts.items())) or "-"
