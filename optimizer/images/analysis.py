"""What an image is made of: its layers, where they come from, who shares them, and what they waste."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from optimizer.images.machines import machine_of_image
from optimizer.images.overlay import LayerContent, Overlay, PlacedEntry, WastedFile
from optimizer.model.image import Image, Layer

ENTRYPOINT = "/lambda-entrypoint.sh"
"""The entrypoint of every base image that AWS provides, set by the last of its instructions."""

LAMBDA_PLACES = ("opt", "var/runtime", "var/task")
"""Where Lambda looks for a function's code, without leading slashes."""

_NOP = re.compile(r"^/bin/sh -c #\(nop\)\s*")
_SHELL = re.compile(r"^(?:RUN )?(?:\|\d+ (?:\S+=\S* )*)?/bin/sh -c ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """Which layers are the base image's.

    ``how`` is ``given`` (an image that the user named), ``history`` (the
    instruction that sets AWS's entrypoint, and all before it), or ``unknown``;
    ``layers`` counts them from the first, and ``note`` says it in words.
    """

    how: str
    layers: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerAnalysis:
    """One layer, its content, and what is known about it; ``shared_with`` holds names of other images, sorted."""

    layer: Layer
    content: LayerContent
    step: str
    from_base: bool
    shared_with: tuple[str, ...]
    wasted_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageAnalysis:
    """An image, taken apart.

    ``wasted`` holds the largest wasted files alone, the largest first;
    ``wasted_files`` and ``wasted_bytes`` count all of them, and
    ``own_wasted_bytes`` those that layers on top of the base hide.
    ``unreadable`` are entries of the function's places, from layers on top of
    the base, that Lambda's unprivileged user cannot read; ``foreign`` are
    executables and shared libraries, from layers on top of the base, for
    another machine than the image's.
    """

    image: Image
    base: Base
    layers: tuple[LayerAnalysis, ...]
    wasted: tuple[WastedFile, ...]
    wasted_files: int
    wasted_bytes: int
    own_wasted_bytes: int
    unreadable: tuple[PlacedEntry, ...]
    foreign: tuple[PlacedEntry, ...] = ()

    @property
    def uncompressed_bytes(self) -> int:
        """The size of all layers."""
        return sum(layer.content.uncompressed_bytes for layer in self.layers)


def analyse(image: Image, contents: Sequence[LayerContent], overlay: Overlay, base: Base) -> ImageAnalysis:
    """The analysis of an image whose layers were laid into the overlay; :func:`with_sharing` tells what it shares."""
    steps = layer_steps(image)
    machine = machine_of_image(image.architecture)
    layers = tuple(
        LayerAnalysis(
            layer=layer,
            content=contents[number],
            step=steps[number],
            from_base=number < base.layers,
            shared_with=(),
            wasted_bytes=overlay.wasted_bytes[number],
        )
        for number, layer in enumerate(image.layers)
    )
    return ImageAnalysis(
        image=image,
        base=base,
        layers=layers,
        wasted=overlay.largest_waste(),
        wasted_files=overlay.wasted_files,
        wasted_bytes=sum(overlay.wasted_bytes),
        own_wasted_bytes=sum(overlay.waste_by_layer[base.layers :]),
        unreadable=tuple(entry for entry in overlay.below(*LAMBDA_PLACES) if entry.layer >= base.layers and not _is_readable(entry)),
        foreign=tuple(entry for entry in overlay.foreign(machine) if entry.layer >= base.layers) if machine else (),
    )


def with_sharing(analyses: Sequence[ImageAnalysis]) -> tuple[ImageAnalysis, ...]:
    """The same analyses, each knowing which of its layers the others have too; one of the same name is itself."""
    holders: dict[str, set[str]] = {}
    for analysis in analyses:
        for layer in analysis.image.layers:
            holders.setdefault(layer.diff_id, set()).add(analysis.image.name)
    return tuple(
        replace(
            analysis,
            layers=tuple(
                replace(layer, shared_with=tuple(sorted(holders[layer.layer.diff_id] - {analysis.image.name}))) for layer in analysis.layers
            ),
        )
        for analysis in analyses
    )


def find_base(image: Image, given: Image | None = None) -> Base:
    """Which of the image's first layers are its base's."""
    if given is not None:
        equal = 0
        for layer, other in zip(image.layers, given.layers, strict=False):
            if layer.diff_id != other.diff_id:
                break
            equal += 1
        if equal == len(given.layers):
            return Base(how="given", layers=equal, note=f"{_layers(equal)}, those of {given.name}")
        return Base(
            how="unknown", layers=0, note=f"not {given.name}: of its {_layers(len(given.layers))}, the image has only the first {equal}"
        )
    layers = 0
    if _covers(image):
        for step in image.history:
            layers += not step.empty
            if ENTRYPOINT in step.created_by and "ENTRYPOINT" in step.created_by:
                return Base(
                    how="history", layers=layers, note=f"{_layers(layers)}, recognised by AWS's entrypoint in the history; --base is exact"
                )
    return Base(how="unknown", layers=0, note="unknown: the history does not set AWS's entrypoint; name it with --base")


def layer_steps(image: Image) -> tuple[str, ...]:
    """The instruction that made each layer, with the stage it was copied from where the image records it; empty where it is unknown."""
    steps = [step_text(layer.created_by) for layer in image.layers]
    copies = steps[len(steps) - len(image.stages) :]
    if len(image.stages) <= len(steps) and all(step.startswith(("ADD ", "COPY ")) for step in copies):
        # An archive's path names its stage already.
        named = [
            step if step.startswith("ADD ") else f"COPY --from={stage} {step.removeprefix('COPY ')}"
            for stage, step in zip(image.stages, copies, strict=True)
        ]
        return (*steps[: len(steps) - len(named)], *named)
    return tuple(steps)


def step_text(created_by: str) -> str:
    """An instruction as it stands in a Dockerfile, on one line, from how builders record it."""
    text = " ".join(created_by.removesuffix("# buildkit").split())
    if _NOP.match(text):
        return _NOP.sub("", text)
    return _SHELL.sub("RUN ", text)


def _covers(image: Image) -> bool:
    return sum(not step.empty for step in image.history) == len(image.layers)


def _layers(number: int) -> str:
    return f"{number} layer{'' if number == 1 else 's'}"


def _is_readable(entry: PlacedEntry) -> bool:
    if entry.kind == "directory":
        return entry.mode & 0o005 == 0o005
    return entry.kind != "file" or bool(entry.mode & 0o004)
