from __future__ import annotations

from dataclasses import replace

from optimizer.images.overlay import LayerContent
from optimizer.linting.conventions import Conventions
from optimizer.linting.subjects import ImageSubject
from optimizer.model.image import Layer
from tests.images.test_analysis import analysed, image
from tests.linting.cases import TODAY, Case
from tests.linting.images import subject

CONVENTIONS = Conventions(today=TODAY, max_image_bytes=100)


def of(*sizes: int | None, estimated: int | None = None) -> ImageSubject:
    """An image whose layers have these sizes in a registry."""
    layers = tuple(Layer(diff_id=str(number), digest=None, media_type="", compressed_bytes=size) for number, size in enumerate(sizes))
    made = analysed(replace(image(*map(str, range(len(sizes)))), layers=layers), *([[]] * len(sizes)))
    content = LayerContent(entries=0, uncompressed_bytes=0, estimated_bytes=estimated)
    return subject(replace(made, layers=tuple(replace(layer, content=content) for layer in made.layers)))


CATCHES: list[Case] = [
    Case(of(60, 41), (0,), "the layers have 101 bytes; allowed: 100", conventions=CONVENTIONS),
    Case(of(101, None), (0,), conventions=CONVENTIONS),
    Case(of(None, None, estimated=51), (0,), "the layers have about 102 bytes; allowed: 100", conventions=CONVENTIONS),
]
PASSES: list[Case] = [
    Case(of(60, 41)),
    Case(of(60, 40), conventions=CONVENTIONS),
    Case(of(None, 50, estimated=50), conventions=CONVENTIONS),
    Case(of(60, None), inconclusive=1, conventions=CONVENTIONS),
]
