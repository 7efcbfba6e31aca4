"""What an inspected image looks like to a person and to a machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from optimizer.images.analysis import ImageAnalysis, LayerAnalysis
from optimizer.linting.finding import Finding
from optimizer.model.image import Image
from optimizer.model.text import printable
from optimizer.report.counts import counted
from optimizer.report.names import SHORT, short_name
from optimizer.report.severities import SEVERITY_COLOURS
from optimizer.report.sizes import size_text
from optimizer.report.style import BOLD, DIM, NARROW, PLAIN, WIDE, Style, wrapped
from optimizer.report.table import LEAST_LAST, fitted_table, table_with_last_cut

_SHORT_BAR, _BAR = 10, 20
_LEAST_STEP = 12
"""What is left of the step of a base's layer on a narrow screen: each of them is one line."""
_MOST_WASTED = 5


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
        "platforms": list(image.platforms),
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


def inspection_as_text(
    analysis: ImageAnalysis, findings: Sequence[Finding], *, width: int = NARROW, style: Style = PLAIN, long_names: bool = False
) -> str:
    """An image as tables and sentences, in so many columns: its own layers first, then those of its base.

    ``long_names`` says that short names would not tell the images apart.
    """

    def named(name: str) -> str:
        return printable(name) if long_names else short_name(name)

    image = analysis.image
    head = f"{named(image.name)}: {image.operating_system}/{image.architecture}, from {_source(image)}"
    first, *rest = wrapped(head, width, later="  ")
    lines = [style.painted(first, BOLD), *rest]
    if image.digest:
        lines.append(f"digest: {image.digest.removeprefix('sha256:')[:SHORT]}")
    own = [(number, layer) for number, layer in enumerate(analysis.layers, 1) if not layer.from_base]
    base = [(number, layer) for number, layer in enumerate(analysis.layers, 1) if layer.from_base]
    size = sum(layer.content.uncompressed_bytes for _, layer in own)
    title = "own layers" if base else "layers"
    lines.append(f"{title}: {size_text(size)} in {counted(len(own), 'layer')}" if own else f"{title}: none")
    lines += _rows(own, width, style, bars=len(own) > 1)
    size = sum(layer.content.uncompressed_bytes for _, layer in base)
    sentences = wrapped(f"base: {f'{size_text(size)} in ' if base else ''}{analysis.base.note}", width, later="  ")
    lines += [style.painted(line, DIM) if base else line for line in (*sentences, *_rows(base, width, style, least=_LEAST_STEP))]
    compressed = _total([_compressed(layer)[0] for layer in analysis.layers])
    guessed = any(_compressed(layer)[1] for layer in analysis.layers)
    lines.append(
        f"in all: {size_text(analysis.uncompressed_bytes)} uncompressed, "
        + (f"{'about ' if guessed else ''}{size_text(compressed)} compressed" if compressed is not None else "compressed size unknown")
    )
    lines += [line for text in _shared(analysis, named) for line in wrapped(text, width, later="  ")]
    lines += _waste(analysis, width)
    if not findings:
        lines.append("Lambda's rules: none broken")
    for item in findings:
        first, *rest = wrapped(f"{item.severity.value}: {item.rule} {item.name}: {item.message}", width, later="  ")
        word = item.severity.value
        lines += [style.painted(word, SEVERITY_COLOURS[item.severity]) + first.removeprefix(word), *rest]
        lines += wrapped(f"hint: {item.hint}", width, "  ")
    return "\n".join(lines)


def _rows(
    layers: Sequence[tuple[int, LayerAnalysis]], width: int, style: Style, *, bars: bool = False, least: int = LEAST_LAST
) -> list[str]:
    """The table of some layers, with the columns that say something; bars compare their sizes, and steps have at least so many columns."""
    if not layers:
        return []
    sizes = [layer.content.uncompressed_bytes for _, layer in layers]
    bar_width = _BAR if width >= WIDE else _SHORT_BAR
    columns: list[tuple[str, list[str]]] = [
        ("layer", [f"{number:>5}" for number, _ in layers]),
        ("id", [layer.layer.diff_id.removeprefix("sha256:")[:SHORT] for _, layer in layers]),
        ("size", [size_text(size) for size in sizes]),
    ]
    if bars:
        columns.append((" " * bar_width, [style.bar(size, max(sizes), bar_width) for size in sizes]))
    compressed = [_compressed(layer) for _, layer in layers]
    if any(size is not None for size, _ in compressed):
        columns.append(("compressed", [("~" if guessed else "") + size_text(size) for size, guessed in compressed]))
    if any(layer.wasted_bytes for _, layer in layers):
        columns.append(("wasted", [size_text(layer.wasted_bytes or None) for _, layer in layers]))
    if any(layer.shared_with for _, layer in layers):
        columns.append(("images", [str(len(layer.shared_with) + 1) for _, layer in layers]))
    columns.append(("step", [printable(layer.step) or "-" for _, layer in layers]))
    header, cells = zip(*columns, strict=True)
    return table_with_last_cut(header, list(zip(*cells, strict=True)), width, "  ", least=least).splitlines()


def _compressed(layer: LayerAnalysis) -> tuple[int | None, bool]:
    """The compressed size, and whether it is an estimate."""
    if layer.layer.compressed_bytes is not None:
        return layer.layer.compressed_bytes, False
    return layer.content.estimated_bytes, layer.content.estimated_bytes is not None


def _total(sizes: Sequence[int | None]) -> int | None:
    return None if None in sizes else sum(size for size in sizes if size is not None)


def _shared(analysis: ImageAnalysis, named: Callable[[str], str]) -> list[str]:
    names = sorted({name for layer in analysis.layers for name in layer.shared_with})
    lines = []
    for name in names:
        layers = [layer for layer in analysis.layers if name in layer.shared_with]
        size = sum(layer.content.uncompressed_bytes for layer in layers)
        lines.append(f"shared with {named(name)}: {len(layers)} of {len(analysis.layers)} layers, {size_text(size)}")
    return lines


def _waste(analysis: ImageAnalysis, width: int) -> list[str]:
    if not analysis.wasted_bytes:
        return ["wasted: nothing"]
    own = f", {size_text(analysis.own_wasted_bytes)} of it by own layers" if analysis.base.layers else ""
    text = f"wasted: {size_text(analysis.wasted_bytes)} in {counted(analysis.wasted_files, 'file')}{own}; the largest:"
    rows = [
        (size_text(item.size_bytes), f"layer {item.layer + 1}", f"{item.how} by layer {item.by_layer + 1}", printable(item.path))
        for item in analysis.wasted[:_MOST_WASTED]
    ]
    return [*wrapped(text, width, later="  "), fitted_table(("size", "written by", "then", "path"), rows, width, (3,), "  ")]


def _source(image: Image) -> str:
    if image.source == "registry":
        host = image.name.partition("/")[0]
        return f"the registry {printable(host)}"
    return {"archive": "an archive of docker save", "layout": "an OCI layout", "engine": "the engine"}[image.source]
