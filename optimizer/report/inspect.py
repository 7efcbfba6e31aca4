"""What an inspected image looks like to a person and to a machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optimizer.images.analysis import ImageAnalysis, LayerAnalysis
from optimizer.linting.finding import Finding
from optimizer.model.text import printable
from optimizer.report.sizes import size_text
from optimizer.report.table import table

_STEP_WIDTH = 70
_SHORT = 12


def inspection_to_dict(analysis: ImageAnalysis, findings: Sequence[Finding]) -> dict[str, Any]:
    """An image as plain data; null where the source does not have the value."""
    image = analysis.image
    return {
        "name": image.name,
        "source": image.source,
        "platform": f"{image.operating_system}/{image.architecture}",
        "digest": image.digest,
        "mediaType": image.media_type or None,
        "manifestBytes": image.manifest_bytes,
        "configDigest": image.config_digest,
        "indexed": image.indexed,
        "attestations": image.attestations,
        "compressedBytes": _total([_compressed(layer)[0] for layer in analysis.layers]),
        "uncompressedBytes": analysis.uncompressed_bytes,
        "base": {"how": analysis.base.how, "layers": analysis.base.layers, "note": analysis.base.note},
        "layers": [
            {
                "number": number,
                "diffId": layer.layer.diff_id,
                "digest": layer.layer.digest,
                "mediaType": layer.layer.media_type or None,
                "compression": layer.content.compression,
                "compressedBytes": _compressed(layer)[0],
                "compressedBytesEstimated": _compressed(layer)[1],
                "uncompressedBytes": layer.content.uncompressed_bytes,
                "entries": layer.content.entries,
                "wastedBytes": layer.wasted_bytes,
                "fromBase": layer.from_base,
                "sharedWith": list(layer.shared_with),
                "step": layer.step or None,
            }
            for number, layer in enumerate(analysis.layers, 1)
        ],
        "wasted": {
            "bytes": analysis.wasted_bytes,
            "ownBytes": analysis.own_wasted_bytes,
            "files": analysis.wasted_files,
            "largest": [
                {"path": item.path, "bytes": item.size_bytes, "layer": item.layer + 1, "byLayer": item.by_layer + 1, "how": item.how}
                for item in analysis.wasted
            ],
        },
        "violations": [
            {"id": item.rule, "name": item.name, "severity": item.severity.value, "message": item.message, "fix": item.hint}
            for item in findings
        ],
    }


def inspection_as_text(analysis: ImageAnalysis, findings: Sequence[Finding]) -> str:
    """An image as tables and sentences."""
    image = analysis.image
    head = f"{printable(image.name)}: {image.operating_system}/{image.architecture}, from {_source(image.source)}"
    lines = [head]
    if image.digest:
        lines.append(f"digest: {image.digest}")
    shared = any(layer.shared_with for layer in analysis.layers)
    header = ["layer", "id", "compressed", "size", "wasted", "from", *(["images"] if shared else []), "step"]
    lines += [table(header, [_row(number, layer, shared) for number, layer in enumerate(analysis.layers, 1)], "  ")]
    compressed = _total([_compressed(layer)[0] for layer in analysis.layers])
    guessed = any(_compressed(layer)[1] for layer in analysis.layers)
    lines.append(
        f"in all: {size_text(analysis.uncompressed_bytes)} uncompressed, "
        + (f"{'about ' if guessed else ''}{size_text(compressed)} compressed" if compressed is not None else "compressed size unknown")
    )
    lines.append(f"base: {analysis.base.note}")
    if shared:
        lines += _shared(analysis)
    lines += _waste(analysis)
    if not findings:
        lines.append("Lambda's rules: none broken")
    for item in findings:
        lines.append(f"{item.severity.value}: {item.rule} {item.name}: {item.message}")
        lines.append(f"  hint: {item.hint}")
    return "\n".join(lines)


def _row(number: int, layer: LayerAnalysis, shared: bool) -> list[str]:
    compressed, guessed = _compressed(layer)
    step = printable(layer.step) or "-"
    return [
        str(number),
        layer.layer.diff_id.removeprefix("sha256:")[:_SHORT],
        ("~" if guessed else "") + size_text(compressed),
        size_text(layer.content.uncompressed_bytes),
        size_text(layer.wasted_bytes) if layer.wasted_bytes else "-",
        "base" if layer.from_base else "image",
        *([str(len(layer.shared_with) + 1)] if shared else []),
        step if len(step) <= _STEP_WIDTH else step[: _STEP_WIDTH - 1] + "…",
    ]


def _compressed(layer: LayerAnalysis) -> tuple[int | None, bool]:
    """The compressed size, and whether it is an estimate."""
    if layer.layer.compressed_bytes is not None:
        return layer.layer.compressed_bytes, False
    return layer.content.estimated_bytes, layer.content.estimated_bytes is not None


def _total(sizes: Sequence[int | None]) -> int | None:
    return None if None in sizes else sum(size for size in sizes if size is not None)


def _shared(analysis: ImageAnalysis) -> list[str]:
    names = sorted({name for layer in analysis.layers for name in layer.shared_with})
    lines = []
    for name in names:
        layers = [layer for layer in analysis.layers if name in layer.shared_with]
        size = sum(layer.content.uncompressed_bytes for layer in layers)
        lines.append(f"shared with {printable(name)}: {len(layers)} of {len(analysis.layers)} layers, {size_text(size)}")
    return lines


def _waste(analysis: ImageAnalysis) -> list[str]:
    if not analysis.wasted_bytes:
        return ["wasted: nothing"]
    own = f", {size_text(analysis.own_wasted_bytes)} of it by layers on top of the base" if analysis.base.layers else ""
    lines = [
        f"wasted: {size_text(analysis.wasted_bytes)} in {analysis.wasted_files} file{'' if analysis.wasted_files == 1 else 's'}{own}; the largest:"
    ]
    rows = [
        (size_text(item.size_bytes), f"layer {item.layer + 1}", f"{item.how} by layer {item.by_layer + 1}", printable(item.path))
        for item in analysis.wasted[:5]
    ]
    return [*lines, table(("size", "written by", "then", "path"), rows, "  ")]


def _source(source: str) -> str:
    return {
        "archive": "an archive of docker save",
        "layout": "an OCI layout",
        "engine": "the engine",
        "registry": "a registry",
    }[source]
