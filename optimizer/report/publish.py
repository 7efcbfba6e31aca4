"""What a publication did, as text and as data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from optimizer.model.publication import ImageResult, LeftImage, PublishedSize
from optimizer.report.sizes import size_text
from optimizer.report.style import NARROW, wrapped
from optimizer.report.table import fitted_table


def publication_as_text(
    results: Sequence[ImageResult],
    left: Sequence[LeftImage],
    seconds: float,
    written: Sequence[str] = (),
    *,
    builder: str = "cdk deploy",
    width: int = NARROW,
) -> str:
    """The names of the images, with what was sent for each, in so many columns; a layer that two of them share is counted at both.

    ``written`` are the paths of packaged templates, and ``builder`` is what makes the images that are left.
    """
    lines = [line for repository, images in _by_repository(results).items() for line in (repository, _table(images, width))]
    lines += [line for image in left for line in wrapped(f"left to {builder}: {image.name}: {image.reason}", width, later="  ")]
    pushed = [result for result in results if result.state == "pushed"]
    lines.append(f"{len(pushed)} of {len(results)} images pushed, {size_text(_sent(results))} of layers, in {seconds:.1f} s")
    lines += [f"wrote {path}" for path in written]
    return "\n".join(lines)


def _by_repository(results: Sequence[ImageResult]) -> dict[str, list[ImageResult]]:
    found: dict[str, list[ImageResult]] = {}
    for result in results:
        found.setdefault(result.reference.rpartition(":")[0], []).append(result)
    return found


def _table(results: Sequence[ImageResult], width: int) -> str:
    rows = [
        [result.name, _short(result.reference.rpartition(":")[2]), result.state, _layers(result), size_text(result.pushed_bytes)]
        for result in results
    ]
    return fitted_table(["image", "tag", "state", "layers", "sent"], rows, width, (0, 1, 3), "  ")


def _short(tag: str) -> str:
    """The tag as people compare it: of a digest, which CDK gives, the first twelve digits."""
    return tag[:12] if re.fullmatch(r"[0-9a-f]{64}", tag) else tag


def publication_to_dict(
    results: Sequence[ImageResult],
    left: Sequence[LeftImage],
    seconds: float,
    written: Sequence[str] = (),
    sizes: Sequence[PublishedSize] = (),
) -> dict[str, Any]:
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
        "sizes": [
            {
                "name": image.name,
                "reference": image.reference,
                "layers": [{"stage": stage, "size": size} for stage, size in image.layers.items()],
            }
            for image in sizes
        ],
        "templates": list(written),
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
