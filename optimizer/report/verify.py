"""What a verification looks like to a person and to a machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.images.compare import COMPRESSOR, CONTENT, METADATA, OTHER_COMPRESSOR, Difference, LayerComparison
from optimizer.model.text import few, printable
from optimizer.report.counts import counted
from optimizer.report.style import BOLD, GREEN, NARROW, PLAIN, RED, YELLOW, Style, wrapped
from optimizer.report.table import cut_end, shortened

_SHOWN = 10
_LISTED = 1000
_LEAST_NAME, _LEAST_REASON = 12, 24
"""Columns that the name of an image and what follows its verdict have at least."""
_DEEPEST = 24
"""Where the lines after the first of a reason begin at most."""
_KINDS = {CONTENT: "content", METADATA: "metadata only"}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedImage:
    """An image that was built twice; ``functions`` are the paths of those that run it."""

    name: str
    functions: tuple[str, ...]
    layers: tuple[LayerComparison, ...]

    @property
    def reproducible(self) -> bool:
        """Whether every layer is; one that is only compressed differently has a note."""
        return all(layer.reproducible for layer in self.layers)

    @property
    def recompressed(self) -> tuple[LayerComparison, ...]:
        """The layers that are the same, and compressed differently."""
        return tuple(layer for layer in self.layers if layer.verdict == COMPRESSOR)


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


def verification_as_text(
    images: Sequence[VerifiedImage],
    skipped: Sequence[SkippedImage],
    done: str = "built twice",
    *,
    width: int = NARROW,
    style: Style = PLAIN,
) -> str:
    """A verification in words, in so many columns: a line for each image, then each difference, and what cures it.

    ``done`` is how each image was made two times.
    """
    blocks = ["\n".join(_images(images, skipped, width, style))]
    blocks += ["\n".join(_image(image, width, style)) for image in images if not image.reproducible or image.recompressed]
    failed = sum(not image.reproducible for image in images)
    equal = "all layers equal, but for how they are compressed" if any(image.recompressed for image in images) else "all layers equal"
    parts = [f"{counted(len(images), 'image')} {done}"]
    parts += [f"{failed} not reproducible" if failed else equal] if images else []
    parts += [f"{len(skipped)} not built"] if skipped else []
    said = ", ".join(parts)
    # One image needs no sum of its own in a block.
    *first, last = [block for block in (*blocks, "\n".join(wrapped(said, width, later="  "))) if block]
    return "\n\n".join(first) + ("\n\n" if len(first) > 1 else "\n" if first else "") + last


def _images(images: Sequence[VerifiedImage], skipped: Sequence[SkippedImage], width: int, style: Style) -> list[str]:
    """A line for each image; reasons that are longer than a line go on below it."""
    rows: list[tuple[str, str, str, str]] = []
    for image in images:
        differing = sum(not layer.reproducible for layer in image.layers)
        counts = f"{differing} of {len(image.layers)} layers differ" if differing else counted(len(image.layers), "layer")
        rows.append((_names(image), "NOT reproducible" if differing else "reproducible", counts, RED if differing else GREEN))
    rows += [(_names(image), "not built", image.reason, YELLOW) for image in skipped]
    verdicts = max((len(verdict) for _, verdict, _, _ in rows), default=0)
    most = max(_LEAST_NAME, width - verdicts - _LEAST_REASON - 4)
    names = min(max((len(name) for name, _, _, _ in rows), default=0), most)
    lines = []
    for name, verdict, reason, colour in rows:
        start = f"{shortened(name, names):{names}}  {verdict:{verdicts}}  "
        first, *rest = wrapped(reason, width, start, " " * min(len(start), _DEEPEST))
        lines += [first.replace(f"  {verdict}", f"  {style.painted(verdict, colour)}", 1), *rest]
    return lines


def _names(image: VerifiedImage | SkippedImage) -> str:
    """The functions of an image, the first few by name, or its own name."""
    return printable(few(image.functions or (image.name,)))


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


def _image(image: VerifiedImage, width: int, style: Style) -> list[str]:
    first, *rest = wrapped(_names(image), width, later="  ")
    lines = [style.painted(first, BOLD), *rest]
    for layer in image.layers:
        if not layer.reproducible:
            step = f"  ({printable(layer.step)})" if layer.step else ""
            lines.append(cut_end(f"  layer {layer.number + 1}: {_KINDS[layer.verdict]}{step}", width))
            lines += _differences(layer, width)
    if image.recompressed:
        lines += wrapped(f"note: {len(image.recompressed)} of {len(image.layers)} layers: {OTHER_COMPRESSOR}", width, "  ", "    ")
    return lines


def _differences(layer: LayerComparison, width: int) -> list[str]:
    lines: list[str] = []
    # One hint covers all that have its cause, so each cause is shown once, with its first paths.
    groups: dict[tuple[str, str], list[Difference]] = {}
    for item in layer.differences:
        groups.setdefault((item.field, item.hint), []).append(item)
    for (_, hint), items in groups.items():
        lines += [f"    {line}" for item in items[:_SHOWN] for line in _lines(item, width - 4)]
        if len(items) > _SHOWN:
            lines.append(f"    and {len(items) - _SHOWN} more of this kind")
        if hint:
            lines += wrapped(f"hint: {hint}", width, "      ", "        ")
    if len(layer.differences) > 1:
        said = ", ".join(f"{field} {count}" for field, count in _counts(layer).items())
        lines += wrapped(f"in all: {said}", width, "    ", "      ")
    return lines


def _lines(item: Difference, width: int) -> list[str]:
    """A difference on one line, or where that is too narrow with its values below one another."""
    at = f" at byte {item.offset}" if item.offset is not None else ""
    path = printable(item.path)
    if item.field in ("only in first", "only in second"):
        return [f"{path}: in the {item.field.rpartition(' ')[2]} build only"]
    if item.field == "name":
        return _beside(f"{path}: name,", f"in the second build {printable(item.second)}", width)
    if item.field in ("order", "form"):
        return [f"{item.field}{f', from {path} on' if path else ''}"]
    first, second = printable(item.first), printable(item.second)
    line = f"{path}: {item.field}{at}, {first} | {second}"
    if len(line) <= width:
        return [line]
    return [f"{path}: {item.field}{at}", f"  first   {first}", f"  second  {second}"]


def _beside(left: str, right: str, width: int) -> list[str]:
    line = f"{left} {right}"
    return [line] if len(line) <= width else [left, f"  {right}"]
