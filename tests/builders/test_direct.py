"""Layers, configuration and manifest of an image: equal input gives equal bytes."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import random

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
@settings(deadline=None, max_examples=60)
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


def test_the_known_bytes_of_a_layer() -> None:
    """Another version of the compressor that gives other bytes is seen here: every layer would be stored twice."""
    data = b"".join(b"line %d of a file that compresses well\n" % number for number in range(2000))
    done = compress([data], io.BytesIO())
    assert (done.digest, done.size) == ("sha256:66c557ed518f8561e82da16f24b7c3072113b0d86e24cc28242abdd9933093ac", 5220)


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
