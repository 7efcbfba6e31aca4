"""What a verification looks like to a person and to a machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.images.compare import COMPRESSOR, CONTENT, EQUAL, METADATA, Difference, LayerComparison
from optimizer.model.text import printable

_SHOWN = 10
_LISTED = 1000
_KINDS = {CONTENT: "content", METADATA: "metadata only", COMPRESSOR: "compressor only"}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedImage:
    """An image that was built twice; ``functions`` are the paths of those that run it."""

    name: str
    functions: tuple[str, ...]
    layers: tuple[LayerComparison, ...]

    @property
    def reproducible(self) -> bool:
        return all(layer.verdict == EQUAL for layer in self.layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedImage:
    """An image that was not built, and why."""

    name: str
    functions: tuple[str, ...]
    reason: str


def verification_to_dict(images: Sequence[VerifiedImage], skipped: Sequence[SkippedImage]) -> dict[str, Any]:
    """A verification as plain data; of a layer's differences the first thousand, and the counts of all."""
    return {
        "reproducible": all(image.reproducible for image in images),
        "images": [
            {
                "name": image.name,
                "functions": list(image.functions),
                "reproducible": image.reproducible,
                "layers": [_layer(layer) for layer in image.layers],
            }
            for image in images
        ],
        "skipped": [{"name": image.name, "functions": list(image.functions), "reason": image.reason} for image in skipped],
    }


def verification_as_text(images: Sequence[VerifiedImage], skipped: Sequence[SkippedImage], done: str = "built twice") -> str:
    """A verification in words: each difference, and what cures it; ``done`` is how each image was made two times."""
    blocks = [_image(image) for image in images]
    blocks += [f"{printable(image.name)}: not built: {image.reason}" for image in skipped]
    failed = sum(not image.reproducible for image in images)
    count = f"{len(images)} image{'' if len(images) == 1 else 's'} {done}"
    blocks.append(f"{count}, {f'{failed} not reproducible' if failed else 'all layers equal'}")
    return "\n".join(blocks)


def _layer(layer: LayerComparison) -> dict[str, Any]:
    return {
        "number": layer.number + 1,
        "step": layer.step or None,
        "verdict": layer.verdict,
        "diffIds": [layer.first_diff_id, layer.second_diff_id],
        **({"hint": layer.hint} if layer.hint else {}),
        "differences": [
            {
                "kind": item.kind,
                "field": item.field,
                "path": item.path,
                "first": item.first,
                "second": item.second,
                "offset": item.offset,
                "hint": item.hint,
            }
            for item in layer.differences[:_LISTED]
        ],
        "counts": _counts(layer),
    }


def _counts(layer: LayerComparison) -> dict[str, int]:
    """How many differences of each field, by the field's name."""
    return dict(sorted(Counter(item.field for item in layer.differences).items()))


def _image(image: VerifiedImage) -> str:
    names = ", ".join(map(printable, image.functions or (image.name,)))
    if image.reproducible:
        return f"{names}: reproducible, {len(image.layers)} layer{'' if len(image.layers) == 1 else 's'}"
    differing = [layer for layer in image.layers if layer.verdict != EQUAL]
    lines = [f"{names}: NOT reproducible, {len(differing)} of {len(image.layers)} layers differ"]
    for layer in differing:
        step = f"  ({_short(printable(layer.step), 90)})" if layer.step else ""
        lines.append(f"  layer {layer.number + 1}: {_KINDS[layer.verdict]}{step}")
        lines += [f"    {line}" for line in _differences(layer)]
    return "\n".join(lines)


def _differences(layer: LayerComparison) -> list[str]:
    if layer.hint:
        return [f"hint: {layer.hint}"]
    lines: list[str] = []
    # One hint covers all that have its cause, so each cause is shown once, with its first paths.
    groups: dict[tuple[str, str], list[Difference]] = {}
    for item in layer.differences:
        groups.setdefault((item.field, item.hint), []).append(item)
    for (_, hint), items in groups.items():
        lines += [_line(item) for item in items[:_SHOWN]]
        if len(items) > _SHOWN:
            lines.append(f"and {len(items) - _SHOWN} more of this kind")
        if hint:
            lines.append(f"  hint: {hint}")
    if len(layer.differences) > 1:
        lines.append("in all: " + ", ".join(f"{field} {count}" for field, count in _counts(layer).items()))
    return lines


def _line(item: Difference) -> str:
    at = f" at byte {item.offset}" if item.offset is not None else ""
    path = printable(item.path)
    if item.field in ("only in first", "only in second"):
        return f"{path}: in the {item.field.rpartition(' ')[2]} build only"
    if item.field == "name":
        return f"{path}: name, in the second build {printable(item.second)}"
    if item.field in ("order", "form"):
        return f"{item.field}{f', from {path} on' if path else ''}"
    return f"{path}: {item.field}{at}, {printable(item.first)} | {printable(item.second)}"


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
