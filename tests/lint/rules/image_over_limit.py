from __future__ import annotations

from optimizer.lint.conventions import Conventions
from optimizer.lint.finding import Location
from optimizer.lint.subjects import ImageSubject
from optimizer.model.image import Image, Layer
from tests.lint.cases import TODAY, Case

HOUSE = Conventions(today=TODAY, max_image_bytes=100)


def image(*sizes: int | None) -> ImageSubject:
    layers = tuple(Layer(diff_id=str(number), digest=None, media_type="", compressed_bytes=size) for number, size in enumerate(sizes))
    return ImageSubject(
        image=Image(
            name="a", source="engine", digest=None, media_type="", manifest_bytes=None, config_digest="", operating_system="linux",
            architecture="amd64", layers=layers,
        ),
        location=Location(path="a"),
    )  # fmt: skip


CATCHES: list[Case] = [
    Case(image(60, 41), (0,), "the layers have 101 bytes; allowed: 100", conventions=HOUSE),
    Case(image(101, None), (0,), conventions=HOUSE),
]
PASSES: list[Case] = [
    Case(image(60, 41)),
    Case(image(60, 40), conventions=HOUSE),
    Case(image(60, None), undecided=1, conventions=HOUSE),
]
