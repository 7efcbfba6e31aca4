from __future__ import annotations

import gzip
import io
import json
import os
import sys
import tarfile
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.adapters.images.documents import choose
from optimizer.adapters.images.files import open_files
from optimizer.adapters.images.layers import LayerPass
from optimizer.errors import ImageError
from tests.images.archives import (
    OCI_GZIP,
    OCI_INDEX,
    OCI_MANIFEST,
    OCI_ZSTD,
    blobs_of,
    config,
    directory,
    file,
    link,
    sha256,
    tar,
    write_layout,
    write_saved,
    write_stored,
    zipped,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BASE = tar(directory("var"), directory("var/task"))
CODE = tar(directory("var"), directory("var/task"), file("var/task/app.py", b"def handler(): ..."))
LAYERS = (BASE, CODE)


def paths(path: Path) -> list[list[str]]:
    source = open_files(path)
    try:
        found = []
        for number in range(len(source.image.layers)):
            with LayerPass(source, number) as reading:
                found.append([entry.path for entry in reading.entries()])
        return found
    finally:
        source.close()


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(ImageError) as raised:
        source = open_files(path, **options)  # type: ignore[arg-type]
        for number in range(len(source.image.layers)):
            with LayerPass(source, number) as reading:
                list(reading.entries())
    return str(raised.value).partition("\n")[0].replace(str(path), "PATH")


FORMS = {
    "saved": lambda path: write_saved(path, LAYERS),
    "saved-oci-uncompressed": lambda path: write_layout(path, LAYERS, saved=True, compress=False),
    "saved-oci-compressed": lambda path: write_layout(path, LAYERS, saved=True),
    "layout": lambda path: write_layout(path, LAYERS),
    "layout-archive": lambda path: write_layout(path, LAYERS, archive=True),
    "layout-uncompressed": lambda path: write_layout(path, LAYERS, compress=False),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_layers(form: str, tmp_path: Path) -> None:
    path = FORMS[form](tmp_path / "image")
    image = open_files(path).image
    assert [layer.diff_id for layer in image.layers] == [sha256(BASE), sha256(CODE)]
    assert [layer.created_by for layer in image.layers] == ["COPY 0 / # buildkit", "COPY 1 / # buildkit"]
    assert (image.operating_system, image.architecture) == ("linux", "amd64")
    assert paths(path) == [["var", "var/task"], ["var", "var/task", "var/task/app.py"]]


@pytest.mark.parametrize("form", ["saved", "saved-oci-uncompressed"])
def test_what_the_classic_store_saves_says_nothing_of_the_registry(form: str, tmp_path: Path) -> None:
    """Its layers are uncompressed, and its media types those of the archive: a push sends others."""
    image = open_files(FORMS[form](tmp_path / "image")).image
    assert (image.source, image.digest, image.media_type, image.manifest_bytes) == ("archive", None, "", None)
    assert {(layer.digest, layer.compressed_bytes, layer.media_type) for layer in image.layers} == {(None, None, "")}


@pytest.mark.parametrize(("form", "source"), [("saved-oci-compressed", "archive"), ("layout", "layout")])
def test_compressed_layers_are_what_a_registry_has(form: str, source: str, tmp_path: Path) -> None:
    image = open_files(FORMS[form](tmp_path / "image")).image
    assert (image.source, image.media_type) == (source, OCI_MANIFEST)
    assert image.manifest_bytes and image.digest
    assert [layer.digest for layer in image.layers] == [sha256(zipped(BASE)), sha256(zipped(CODE))]
    assert [layer.compressed_bytes for layer in image.layers] == [len(zipped(BASE)), len(zipped(CODE))]
    assert {layer.media_type for layer in image.layers} == {OCI_GZIP}


def test_the_configuration_says_how_the_image_runs(tmp_path: Path) -> None:
    settings_ = {"User": "1000", "Volumes": {"/b": {}, "/a": {}}, "Entrypoint": ["/e"], "Cmd": ["a", "b"]}
    image = open_files(write_saved(tmp_path / "image", LAYERS, **settings_)).image
    assert (image.user, image.volumes, image.entrypoint, image.command) == ("1000", ("/a", "/b"), ("/e",), ("a", "b"))


def test_a_history_that_does_not_cover_the_layers_names_no_steps(tmp_path: Path) -> None:
    image = open_files(
        write_saved(tmp_path / "image", LAYERS, history=[{"created_by": "one"}, {"created_by": "ENV", "empty_layer": True}])
    ).image
    assert [layer.created_by for layer in image.layers] == ["", ""]
    assert [(step.created_by, step.empty) for step in image.history] == [("one", False), ("ENV", True)]


def test_a_repeated_layer_may_be_a_link(tmp_path: Path) -> None:
    """Docker before 25 writes it so."""
    made = config([BASE, BASE])
    manifest = json.dumps([{"Config": "c.json", "Layers": ["1/layer.tar", "2/layer.tar"]}]).encode()
    entries = [file("c.json", made), file("1/layer.tar", BASE), link("2/layer.tar", "../1/layer.tar"), file("manifest.json", manifest)]
    (tmp_path / "image").write_bytes(tar(*entries))
    assert paths(tmp_path / "image") == [["var", "var/task"]] * 2


def test_an_index_is_noted_and_its_platform_chosen(tmp_path: Path) -> None:
    path = write_layout(tmp_path / "image", LAYERS, attestation=True, platforms=("arm64", "amd64"))
    image = open_files(path).image
    assert (image.indexed, image.attestations, image.architecture) == (True, 1, "amd64")
    assert image.platforms == ("linux/amd64", "linux/arm64")
    assert open_files(path, platform="linux/arm64").image.architecture == "arm64"
    message = 'the index of "PATH" has no image for linux/s390x; found: linux/amd64, linux/arm64'
    assert refusal(path, platform="linux/s390x") == message


def test_a_layout_of_one_image_is_no_index(tmp_path: Path) -> None:
    image = open_files(write_layout(tmp_path / "image", LAYERS)).image
    assert (image.indexed, image.attestations) == (False, 0)


def rewrite(path: Path, change: dict[str, bytes | None]) -> Path:
    """The archive with some files changed, or left out."""
    with tarfile.open(path) as archive:
        files = {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}  # type: ignore[union-attr]
    for name, data in change.items():
        files.pop(name, None)
        if data is not None:
            files[name] = data
    path.write_bytes(tar(*(file(name, data) for name, data in files.items())))
    return path


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (b"[", 'manifest.json of "PATH" is not a JSON object'),
        (b"[" * 100_000, 'manifest.json of "PATH" is not a JSON object'),
        (b"{}", 'manifest.json of "PATH" is not a list of images'),
        (b"[]", '"PATH" holds 0 images'),
        (b'[{"RepoTags": ["b"]}, {"RepoTags": ["a"]}]', '"PATH" holds 2 images: a, b'),
        (b"[3]", 'manifest.json of "PATH" names no configuration or no layers'),
        (b'[{"Config": "x", "Layers": []}]', '"PATH" has no "x", which it refers to'),
        (b'[{"Config": "../../etc/passwd", "Layers": []}]', '"PATH" has no "../../etc/passwd", which it refers to'),
    ],
)
def test_a_wrong_manifest_is_one_error(manifest: bytes, message: str, tmp_path: Path) -> None:
    path = rewrite(write_saved(tmp_path / "image", LAYERS), {"manifest.json": manifest})
    assert refusal(path) == message


def test_a_wrong_configuration_is_one_error(tmp_path: Path) -> None:
    manifest = b'[{"Config": "c", "Layers": []}]'
    for data, message in {
        b"[]": 'the configuration of "PATH" is not a JSON object',
        b"{}": 'the configuration of "PATH" has no list of layers (rootfs.diff_ids): it is not that of a container image',
        config(LAYERS): '"PATH" has 0 layers, and its configuration 2',
        b'{"rootfs": {"diff_ids": [""]}}': (
            'the configuration of "PATH" has no list of layers (rootfs.diff_ids): it is not that of a container image'
        ),
    }.items():
        path = rewrite(write_saved(tmp_path / "image", LAYERS), {"manifest.json": manifest, "c": data})
        assert refusal(path) == message


def test_a_layer_with_other_content_than_the_configuration_says_is_refused(tmp_path: Path) -> None:
    path = rewrite(write_saved(tmp_path / "image", LAYERS), {"0aaaaaaaa/layer.tar": CODE})
    assert refusal(path) == f'layer 1 of "PATH" has the digest {sha256(CODE)}, but the configuration has {sha256(BASE)}'


def test_a_cut_gzip_layer_is_refused(tmp_path: Path) -> None:
    path = write_layout(tmp_path / "image", [BASE])
    blob = path / "blobs" / "sha256" / sha256(zipped(BASE))[7:]
    data = blob.read_bytes()
    blob.write_bytes(data[:-20] + b"\0" * 20)
    assert refusal(path).startswith('layer 1 of "PATH" is damaged')
    blob.write_bytes(data[:-20])
    assert refusal(path) == f'layer 1 of "PATH" has {len(data) - 20} bytes, but the manifest says {len(data)}'


def test_a_gzip_bomb_stops_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimizer.adapters.images.layers.MAX_LAYER_BYTES", 64 << 20)
    # Ten times the same compressed 10 MB of zeros: gzip members may stand one after the other.
    info, _ = file("bomb")
    info.size = 10 << 30
    head = zipped(info.tobuf(tarfile.PAX_FORMAT))
    bomb = head + zipped(bytes(10 << 20)) * 10
    path = write_stored(tmp_path / "image", BASE, bomb, OCI_GZIP)
    assert refusal(path) == 'layer 1 of "PATH" unpacks to more than 64 MiB; Lambda takes 10 GB in all'


def test_a_zstd_layer_is_read_as_any_other(tmp_path: Path) -> None:
    blob = zstd.compress(CODE[:1000]) + zstd.compress(CODE[1000:])
    with LayerPass(open_files(write_stored(tmp_path / "image", CODE, blob, OCI_ZSTD)), 0) as reading:
        entries = list(reading.entries())
        assert (reading.compression, reading.uncompressed_bytes) == ("zstd", len(CODE))
    with LayerPass(open_files(write_layout(tmp_path / "gzip", [CODE])), 0) as reading:
        assert entries == list(reading.entries())


def test_a_damaged_zstd_layer_is_one_error(tmp_path: Path) -> None:
    blob = zstd.compress(CODE)
    cut = refusal(write_stored(tmp_path / "cut", CODE, blob[:-5], OCI_ZSTD))
    assert cut.startswith('layer 1 of "PATH" is damaged or truncated: ')
    spoilt = refusal(write_stored(tmp_path / "spoilt", CODE, blob[:20] + bytes(40) + blob[60:], OCI_ZSTD))
    assert spoilt.startswith('layer 1 of "PATH" is damaged or truncated: ')
    other = refusal(write_stored(tmp_path / "other", CODE, zstd.compress(BASE), OCI_ZSTD))
    assert other.startswith(f'layer 1 of "PATH" has the digest {sha256(BASE)}, but the configuration has {sha256(CODE)}')


def test_a_zstd_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimizer.adapters.images.layers.MAX_LAYER_BYTES", 64 << 20)
    info, _ = file("bomb")
    info.size = 10 << 30
    bomb = zstd.compress(info.tobuf(tarfile.PAX_FORMAT)) + zstd.compress(bytes(10 << 20)) * 10
    assert len(bomb) < 20_000
    path = write_stored(tmp_path / "image", BASE, bomb, OCI_ZSTD)
    tracemalloc.start()
    try:
        assert refusal(path) == 'layer 1 of "PATH" unpacks to more than 64 MiB; Lambda takes 10 GB in all'
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_a_zstd_frame_that_wants_much_memory_is_refused(tmp_path: Path) -> None:
    """The window is allocated before a byte is read."""
    options = {zstd.CompressionParameter.window_log: 28, zstd.CompressionParameter.content_size_flag: 0}
    compressor = zstd.ZstdCompressor(options=options)
    blob = compressor.compress(BASE) + compressor.flush()
    text = refusal(write_stored(tmp_path / "image", BASE, blob, OCI_ZSTD))
    assert text.startswith('layer 1 of "PATH" is damaged or truncated: ') and "memory" in text


def test_the_estimate_is_what_gzip_makes_of_it(tmp_path: Path) -> None:
    with LayerPass(open_files(write_saved(tmp_path / "image", [CODE])), 0, estimate=True) as reading:
        list(reading.entries())
        deflate = zlib.compressobj(wbits=31)
        assert reading.estimated_bytes == len(deflate.compress(CODE) + deflate.flush())
        assert reading.uncompressed_bytes == len(CODE)


def test_links_of_a_layout_may_not_leave_it(tmp_path: Path) -> None:
    path = write_layout(tmp_path / "image", [BASE])
    (path / "index.json").unlink()
    (tmp_path / "secret").write_text("{}")
    (path / "index.json").symlink_to(tmp_path / "secret")
    assert refusal(path) == '"index.json" leaves "PATH"'


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"digest": "sha256:../../../etc/passwd"},
            "holds the digest 'sha256:../../../etc/passwd'; allowed: sha256: and 64 hexadecimal digits",
        ),
        ({"size": -1}, "holds a descriptor without a size or a media type for "),
    ],
)
def test_descriptors_are_checked(change: dict[str, object], message: str, tmp_path: Path) -> None:
    path = write_layout(tmp_path / "image", [BASE])
    document = json.loads((path / "index.json").read_text())
    document["manifests"][0].update(change)
    (path / "index.json").write_text(json.dumps(document))
    assert refusal(path).startswith(f'the index of "PATH" {message}')


def test_a_blob_with_another_digest_is_refused(tmp_path: Path) -> None:
    path = write_layout(tmp_path / "image", [BASE])
    _, top = blobs_of([BASE])
    (path / "blobs" / "sha256" / top["digest"][7:]).write_bytes(b"{}")
    assert "has the digest" in refusal(path)


def test_an_index_of_indexes_without_end_is_refused(tmp_path: Path) -> None:
    path = write_layout(tmp_path / "image", [BASE])
    top = json.loads((path / "index.json").read_text())["manifests"][0]
    for _ in range(6):
        data = json.dumps({"mediaType": OCI_INDEX, "manifests": [top]}).encode()
        (path / "blobs" / "sha256" / sha256(data)[7:]).write_bytes(data)
        top = {"mediaType": OCI_INDEX, "digest": sha256(data), "size": len(data)}
    (path / "index.json").write_text(json.dumps({"manifests": [top]}))
    assert refusal(path) == '"PATH" has an index of indexes more than 4 deep'


def test_what_holds_no_image_is_refused(tmp_path: Path) -> None:
    wanted = "it has no manifest.json (docker save) or index.json (OCI layout)"
    assert refusal(tmp_path) == f'"PATH" holds no image: {wanted}'
    (tmp_path / "a.tar").write_bytes(tar(file("x")))
    assert refusal(tmp_path / "a.tar") == f'"PATH" holds no image: {wanted}'
    assert refusal(tmp_path / "missing") == '"PATH" cannot be read: No such file or directory'
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(tar(file("x"))))
    assert refusal(tmp_path / "a.tar.gz") == '"PATH" is compressed as a whole'
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == '"PATH" is neither a file nor a directory'
    assert refusal(write_saved(tmp_path / "saved", LAYERS), layout_only=True) == '"PATH" holds no image: it has no index.json'


@given(st.integers(0, 20_000), st.binary(min_size=1, max_size=40))
@settings(max_examples=100)
def test_damage_anywhere_is_one_error(position: int, noise: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = write_layout(Path(folder, "image"), LAYERS, saved=True)
        data = bytearray(path.read_bytes())
        start = position % len(data)
        data[start : start + len(noise)] = noise
        path.write_bytes(data)
        source = None
        try:
            source = open_files(path)
            for number in range(len(source.image.layers)):
                with LayerPass(source, number) as reading:
                    list(reading.entries())
        except ImageError:
            pass
        finally:
            if source:
                source.close()


def test_reading_a_layer_keeps_only_a_chunk(tmp_path: Path) -> None:
    """Requirement: "memory stays bounded (stream layers)"."""
    import tracemalloc

    layer = tar(file("big", bytes(64 << 20)))
    path = write_layout(tmp_path / "image", [layer])
    del layer
    tracemalloc.start()
    try:
        assert paths(path) == [["big"]]
        assert tracemalloc.get_traced_memory()[1] < 24 << 20
    finally:
        tracemalloc.stop()


def test_contents_are_cut_at_the_limit(tmp_path: Path) -> None:
    source = open_files(write_saved(tmp_path / "image", [tar(file("a", b"abc"), file("b", b"defgh"), file("c", b"x"))]))
    with LayerPass(source, 0) as reading:
        assert reading.contents({"b", "c"}, 3) == {"b": b"def", "c": b"x"}


def test_io_is_closed_with_the_source(tmp_path: Path) -> None:
    source = open_files(write_saved(tmp_path / "image", LAYERS))
    stream = source.open_layer(0)
    assert isinstance(stream, io.BufferedReader)
    source.close()
    with pytest.raises(ValueError, match="closed"):
        stream.read()


def entry(digit: str, **more: object) -> dict[str, object]:
    kind = "application/vnd.oci.image.manifest.v1+json"
    return {"mediaType": kind, "digest": f"sha256:{digit * 64}", "size": 1, **more}


def tagged(digit: str, tag: str) -> dict[str, object]:
    return entry(digit, annotations={"org.opencontainers.image.ref.name": tag})


def test_a_layout_of_several_images_says_so() -> None:
    """skopeo, podman and umoci write one entry for each tag, without a platform, and the first was taken for the image that was meant."""
    with pytest.raises(ImageError, match="the index of shop has 2 images, and tells the platform of none: v1, v2"):
        choose({"manifests": [tagged("1", "v1"), tagged("2", "v2")]}, None, "the index of shop")
    with pytest.raises(ImageError, match="has 2 images"):
        choose({"manifests": [tagged("1", "v1"), tagged("2", "v2")]}, "linux/arm64", "it")
    assert choose({"manifests": [tagged("1", "v1"), tagged("1", "v2")]}, None, "it").descriptor.digest == f"sha256:{'1' * 64}"


def test_what_is_attached_to_an_image_is_none() -> None:
    """Such as the lists of materials and signatures that oras and cosign keep beside it."""
    sbom = entry("1", artifactType="application/spdx+json")
    found = choose({"manifests": [sbom, tagged("2", "v1")]}, None, "it")
    assert (found.descriptor.digest, found.attestations) == (f"sha256:{'2' * 64}", 1)
