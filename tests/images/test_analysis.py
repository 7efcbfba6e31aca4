from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from optimizer.images.analysis import Base, ImageAnalysis, analyse, find_base, layer_steps, step_text, with_sharing
from optimizer.images.overlay import LayerContent, Overlay
from optimizer.model.image import Entry, HistoryStep, Image, Layer
from tests.images.test_overlay import entry

ENTRYPOINT = HistoryStep(created_by='ENTRYPOINT ["/lambda-entrypoint.sh"]', empty=True)


def image(*diff_ids: str, name: str = "shop", **more: Any) -> Image:
    layers = tuple(Layer(diff_id=diff_id, digest=None, media_type="", compressed_bytes=None) for diff_id in diff_ids)
    defaults: dict[str, Any] = {
        "source": "archive",
        "digest": None,
        "media_type": "",
        "manifest_bytes": None,
        "config_digest": "",
        "operating_system": "linux",
        "architecture": "amd64",
        "history": tuple(HistoryStep(created_by=diff_id, empty=False) for diff_id in diff_ids),
    }
    return Image(name=name, layers=layers, **{**defaults, **more})


def analysed(made: Image, *layers: list[Entry], base: Base | None = None) -> ImageAnalysis:
    overlay, contents = Overlay(), []
    for layer in layers:
        entries, links, orphans = overlay.add(layer)
        contents.append(LayerContent(compression="gzip", entries=entries, uncompressed_bytes=1000, hard_links=links, orphans=orphans))
    return analyse(made, contents, overlay, base or Base(how="unknown", layers=0, note=""))


def steps(*made: str | HistoryStep) -> tuple[HistoryStep, ...]:
    return tuple(item if isinstance(item, HistoryStep) else HistoryStep(created_by=item, empty=False) for item in made)


def test_a_given_base_is_exact() -> None:
    assert find_base(image("a", "b", "c"), image("a", "b", name="base:1")) == Base(how="given", layers=2, note="2 layers, those of base:1")


def test_a_given_image_that_is_not_the_base_is_told() -> None:
    found = find_base(image("a", "x", "c"), image("a", "b", name="base:1"))
    assert found == Base(how="unknown", layers=0, note="not base:1: of its 2 layers, the image has only the first 1")


def test_the_base_is_recognised_by_the_first_setting_of_awss_entrypoint() -> None:
    made = image("a", "b", "c", history=steps("ADD", "COPY", ENTRYPOINT, "COPY code", ENTRYPOINT))
    assert (find_base(made).how, find_base(made).layers) == ("history", 2)


@pytest.mark.parametrize("history", [steps("ADD", "COPY /lambda-entrypoint.sh", "COPY"), steps("ADD", ENTRYPOINT)])
def test_the_base_is_unknown_without_entrypoint_or_history(history: tuple[HistoryStep, ...]) -> None:
    """Copying the script is not setting it; and a history that does not cover the layers cannot count them."""
    assert find_base(image("a", "b", "c", history=history)).how == "unknown"


@pytest.mark.parametrize(
    ("recorded", "shown"),
    [
        ("COPY /layer/ / # buildkit", "COPY /layer/ /"),
        ("RUN /bin/sh -c dnf install  gcc # buildkit", "RUN dnf install gcc"),
        ("/bin/sh -c #(nop) COPY file:ab in /x ", "COPY file:ab in /x"),
        ("/bin/sh -c apt-get update", "RUN apt-get update"),
        ("RUN |1 A=b /bin/sh -c make # buildkit", "RUN make"),
        ("", ""),
    ],
)
def test_instructions_are_shown_as_in_a_dockerfile(recorded: str, shown: str) -> None:
    assert step_text(recorded) == shown


def test_layers_shared_with_others_are_named() -> None:
    images = (image("a", "b"), image("a", "c", name="two"), image("x", "a", "a", name="three"))
    found = with_sharing([analysed(each, *([[]] * len(each.layers))) for each in images])
    assert [[layer.shared_with for layer in analysis.layers] for analysis in found] == [
        [("three", "two"), ()],
        [("shop", "three"), ()],
        [(), ("shop", "two"), ("shop", "two")],
    ]


def test_waste_of_the_base_is_told_apart() -> None:
    layers = ([entry("f", "123"), entry("g", "12345")], [entry(".wh.f", "")], [entry(".wh.g", "")])
    found = analysed(image("a", "b", "c"), *layers, base=Base(how="given", layers=2, note=""))
    assert (found.wasted_bytes, found.own_wasted_bytes, found.wasted_files) == (8, 5, 2)
    assert [layer.from_base for layer in found.layers] == [True, True, False]


def test_the_size_is_that_of_all_layers() -> None:
    assert analysed(image("a", "b"), [], []).uncompressed_bytes == 2000


COPY = "COPY /layer/ / # buildkit"


@pytest.mark.parametrize(
    "stages, recorded, shown",
    [
        (("packages", "code"), ("RUN true", COPY, COPY), ("RUN true", "COPY --from=packages /layer/ /", "COPY --from=code /layer/ /")),
        (("code", "packages"), ("ADD layers/code.tar / # buildkit", COPY), ("ADD layers/code.tar /", "COPY --from=packages /layer/ /")),
        ((), ("RUN true", COPY), ("RUN true", "COPY /layer/ /")),
        # Somebody has built on top of the image, and its label went with it.
        (("packages", "code"), (COPY, COPY, "RUN true"), ("COPY /layer/ /", "COPY /layer/ /", "RUN true")),
        (("packages", "code"), (COPY,), ("COPY /layer/ /",)),
    ],
)
def test_a_copied_layer_is_told_with_its_stage(stages: tuple[str, ...], recorded: tuple[str, ...], shown: tuple[str, ...]) -> None:
    """Requirement: "the layer table that the AWS article shows (id, size, description, the Dockerfile step that made it)"."""
    layers = tuple(Layer(diff_id=str(n), digest=None, media_type="", compressed_bytes=None, created_by=by) for n, by in enumerate(recorded))
    assert layer_steps(replace(image(), layers=layers, stages=stages)) == shown
