"""What ``optimizer inspect`` shows, at several widths and with colour."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.images.analysis import Base, ImageAnalysis, LayerAnalysis
from optimizer.images.overlay import LayerContent, WastedFile
from optimizer.model.image import Layer
from optimizer.report.inspect import inspection_as_text
from optimizer.report.style import Style
from tests.images.test_analysis import image

STEP = "COPY --from=python-dependencies-of-the-storefront /layer/tree/ /"
SHARED = ("123456789012.dkr.ecr.eu-central-1.amazonaws.com/lambda-images:other",)


def analysis(sizes: list[int], base: int, *, step: str = STEP, wasted: int = 0, shared: bool = False, path: str = "x") -> ImageAnalysis:
    ids = [f"sha256:{number:064x}" for number in range(1, len(sizes) + 1)]
    layers = tuple(
        LayerAnalysis(
            layer=Layer(diff_id=diff_id, digest=None, media_type="", compressed_bytes=size // 3),
            content=LayerContent(compression="gzip", entries=1, uncompressed_bytes=size, hard_links=(), orphans=()),
            step=step,
            from_base=number < base,
            shared_with=SHARED if shared else (),
            wasted_bytes=wasted,
        )
        for number, (diff_id, size) in enumerate(zip(ids, sizes, strict=True))
    )
    note = f"{base} layers, recognised by AWS's entrypoint in the history; --base is exact"
    return ImageAnalysis(
        image=image(*ids, name=SHARED[0].replace("other", "f" * 64), source="registry", digest=f"sha256:{'e' * 64}"),
        base=Base(how="history", layers=base, note=note),
        layers=layers,
        wasted=(WastedFile(path=path, size_bytes=wasted, layer=0, by_layer=1, how="rewritten unchanged"),) if wasted else (),
        wasted_files=1 if wasted else 0,
        wasted_bytes=wasted * len(sizes),
        own_wasted_bytes=0,
        unreadable=(),
    )


def test_own_layers_come_first_with_bars_and_the_base_after_them() -> None:
    """Requirement: "the image's own layers first, bars for sizes, the base dimmed"."""
    text = inspection_as_text(analysis([200_000_000, 1_000, 30_000_000, 10_000_000], 2, step="RUN x"), [], width=80)
    assert text.splitlines()[:13] == [
        "lambda-images:ffffffffffff: linux/amd64, from the registry",
        "  123456789012.dkr.ecr.eu-central-1.amazonaws.com",
        "digest: eeeeeeeeeeee",
        "own layers: 40.0 MB in 2 layers",
        "  layer  id            size                 compressed  step",
        "      3  000000000000  30.0 MB  ██████████  10.0 MB     RUN x",
        "      4  000000000000  10.0 MB  ███▍        3.3 MB      RUN x",
        "base: 200.0 MB in 2 layers, recognised by AWS's entrypoint in the history;",
        "  --base is exact",
        "  layer  id            size      compressed  step",
        "      1  000000000000  200.0 MB  66.7 MB     RUN x",
        "      2  000000000000  1.0 kB    333 B       RUN x",
        "in all: 240.0 MB uncompressed, 80.0 MB compressed",
    ]


def test_colour_says_nothing_that_words_do_not() -> None:
    """Requirement: "and without colour"."""
    found = analysis([200_000, 30_000, 10_000], 1)
    plain = inspection_as_text(found, [], width=80)
    coloured = inspection_as_text(found, [], width=80, style=Style(colour=True))
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
    dimmed = [line for line in coloured.splitlines() if line.startswith("\x1b[2m")]
    assert dimmed[0].startswith("\x1b[2mbase: ") and len(dimmed) == 4


def test_steps_have_a_line_of_their_own_where_they_would_be_cut() -> None:
    """Requirement: "on 80 and 160 columns"."""
    found = analysis([200_000, 30_000, 10_000], 1, wasted=5, shared=True)
    narrow, wide = (inspection_as_text(found, [], width=width).splitlines() for width in (80, 160))
    assert f"         {STEP}" in narrow
    assert any(line.endswith(f"  {STEP}") and "██" in line for line in wide)
    assert len(wide) < len(narrow)


@given(
    st.lists(st.integers(0, 10**10), min_size=1, max_size=12),
    st.integers(0, 12),
    st.text("ab /-", max_size=200),
    st.sampled_from([0, 999_900_000]),
    st.booleans(),
    st.text("ab/", min_size=1, max_size=200),
    st.integers(80, 160),
)
def test_no_line_is_wider_than_the_screen(sizes: list[int], base: int, step: str, wasted: int, shared: bool, path: str, width: int) -> None:
    """Requirement: "tables that break at 80 columns" are no more."""
    found = analysis(sizes, min(base, len(sizes)), step=step, wasted=wasted, shared=shared, path=path)
    assert all(len(line) <= width for line in inspection_as_text(found, [], width=width).splitlines())


@pytest.mark.parametrize("base", [0, 1])
def test_images_without_own_layers_or_base_say_so(base: int) -> None:
    text = inspection_as_text(analysis([5], base), [])
    assert ("own layers: none\n" in text) is bool(base)
    assert ("\nlayers: 5 B in 1 layer\n" in text) is not bool(base)
