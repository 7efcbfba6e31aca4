"""Layers, configuration and manifest of an image: equal input gives equal bytes."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.adapters.images.tar import Budget, TarReader
from optimizer.builders.direct.compress import compress
from optimizer.builders.direct.image import base_image, layer_of_manifest
from optimizer.builders.direct.tree import layer_chunks
from optimizer.builders.tar import END, TarEntry, header, padding
from optimizer.errors import ImageError
from tests.images.archives import directory, tar


def compressed(*chunks: bytes) -> bytes:
    target = io.BytesIO()
    compress(chunks, target)
    return target.getvalue()


@given(data=st.binary(max_size=5000), cuts=st.lists(st.integers(0, 5000), max_size=6))
@settings(max_examples=60)
def test_the_bytes_do_not_depend_on_how_the_input_is_cut(data: bytes, cuts: list[int]) -> None:
    """Requirement: "compression is one that gives the same bytes on every processor and however the input is cut"."""
    places = [0, *sorted(cut for cut in cuts if cut <= len(data)), len(data)]
    pieces = [data[start:end] for start, end in itertools.pairwise(places)]
    assert compressed(*pieces) == compressed(data)
    assert gzip.decompress(compressed(data)) == data if data else compressed(data) == b""


def test_large_layers_are_members_of_one_mebibyte() -> None:
    data = random.Random(20261129).randbytes(5_000_000)
    packed = compressed(data)
    assert gzip.decompress(packed) == data
    assert packed.count(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff") == 5
    assert compressed(*(data[start : start + 700_001] for start in range(0, len(data), 700_001))) == packed


def test_many_layers_at_once_keep_few_blocks_in_memory() -> None:
    """Requirement: "All images and layers at once, within limits"."""
    lock, held, most = threading.Lock(), 0, 0

    class Counted(io.BytesIO):
        def write(self, data: Any) -> int:
            nonlocal held
            with lock:
                held -= 1
            return len(data)

    def blocks(count: int, broken: bool = False) -> Iterator[bytes]:
        nonlocal held, most
        for _ in range(count):
            with lock:
                held += 1
                most = max(most, held)
            yield bytes(1 << 20)
        if broken:
            raise OSError("the disk is gone")

    # What a layer held that came to nothing is free again.
    for _ in range(9):
        with pytest.raises(OSError, match="the disk is gone"):
            compress(blocks(5, broken=True), Counted())
    held = most = 0
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: compress(blocks(20), Counted()), range(8)))
    # Eight for all, and for each layer the one to be written next and the one that was just read.
    assert 8 < most <= 8 + 2 * 8
    assert held == 0


def test_the_known_bytes_of_a_layer() -> None:
    """Another version of the compressor that gives other bytes is seen here: every layer would be stored twice."""
    lines = [b"line %d of a file that compresses well\n" % number for number in range(40_000)]
    small, large = (compress([b"".join(lines[:count])], io.BytesIO()) for count in (2000, 40_000))
    assert (small.digest, small.size) == ("sha256:1746238aeb1c4e40b3d89208431d7c07f422c2e649e5ea1af7279d2f9b3d208c", 5154)
    assert (large.digest, large.size) == ("sha256:0ab45144dc670245be6fd45d45bcd84df6e90c57707d6b6588007af0093d02d8", 104_463)


def chunks(data: bytes, prefix: str = "") -> bytes:
    reader = TarReader(io.BytesIO(data), "the tree", Budget())
    return b"".join(layer_chunks(reader, "code", prefix))


def test_an_archive_in_the_form_of_a_layer_stays_as_it_is() -> None:
    data = header(TarEntry("opt", "directory", 0o755)) + header(TarEntry("opt/a", "file", 0o644, 3)) + b"abc" + padding(3) + END
    assert chunks(data) == data


def test_a_tree_below_a_prefix_becomes_a_layer_of_its_own() -> None:
    inner = header(TarEntry("opt", "directory", 0o755)) + header(TarEntry("opt/b", "hardlink", 0o644, target="opt/a"))
    outer = (
        header(TarEntry("code", "directory", 0o755))
        + header(TarEntry("code/opt", "directory", 0o755))
        + header(TarEntry("code/opt/b", "hardlink", 0o644, target="code/opt/a"))
        + header(TarEntry("codes", "directory", 0o755))
        + END
    )
    assert chunks(outer, "code") == inner + END


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        (header(TarEntry("b", "file", 0o644)) + header(TarEntry("a", "file", 0o644)) + END, '"a" of the stage "code" is not in the order'),
        (tar(directory("opt")), '"opt" of the stage "code" has another time than the files of layers'),
    ],
)
def test_what_is_no_tree_of_a_stage_is_refused(archive: bytes, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        chunks(archive)


def test_a_damaged_base_is_an_error_that_names_it() -> None:
    for manifest, config in ((b"{}", b"{}"), (b"[]", b"{}"), (b"{", b"{}")):
        with pytest.raises(ImageError, match='the base image "lambda/x" is damaged'):
            base_image(manifest, config, "lambda/x")


def test_a_base_whose_documents_do_not_fit_is_refused() -> None:
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": "sha256:1", "size": 1}
    config = json.dumps({"rootfs": {"diff_ids": []}}).encode()
    with pytest.raises(ImageError, match="has 1 layers, and 0 in its configuration"):
        base_image(json.dumps({"layers": [layer]}).encode(), config, "lambda/x")


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        {"layers": None},
        {"layers": [{"digest": "sha256:1", "size": 1, "mediaType": "x"}]},
        {"layers": [{"annotations": {"lambda-image-optimizer.key": "k"}}]},
    ],
)
def test_a_manifest_that_does_not_name_the_layer_of_a_key_has_none(manifest: dict[str, object]) -> None:
    assert layer_of_manifest(manifest, "k") is None
