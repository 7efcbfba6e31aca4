"""Images as files: layouts, archives, and what they are when something breaks on the way."""

from __future__ import annotations

import datetime
import errno
import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from optimizer import Command
from optimizer.adapters.images.opening import open_image
from optimizer.adapters.images.reading import read_image
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.errors import EngineError, ImageError, RegistryError
from optimizer.model.reference import ImageReference
from optimizer.publishing import making
from optimizer.publishing.assembling import Assembled, assembled
from optimizer.publishing.images import PublishImage
from optimizer.publishing.outputs import ArchivePublisher, LayoutPublisher, Publisher
from optimizer.publishing.publish import publish
from optimizer.publishing.tags import key_tag
from tests.adapters.push_server import serving_pushes
from tests.adapters.registry_server import sha256
from tests.publishing.fleet import BASE, NAME, Fleet, base_layer


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    (tmp_path / "project").mkdir()
    with serving_pushes() as registry:
        found = Fleet(registry, tmp_path / "project")
        found.add_base()
        yield found


def write(image: PublishImage, publisher: Publisher, name: str = "shop/api:test", **options: Any) -> Assembled:
    with (
        HttpRegistry(sleep=lambda seconds: None, now=lambda: datetime.datetime.now(datetime.timezone.utc)) as registry,
        assembled(image, name, registry, **options) as made,
    ):
        publisher.publish(made.image)
        return made


def files(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def index(directory: Path) -> list[dict[str, Any]]:
    return list(json.loads((directory / "index.json").read_bytes())["manifests"])


def reuse(fleet: Fleet) -> tuple[ImageReference]:
    return (ImageReference.parse(f"{fleet.registry.host}/{NAME}"),)


def test_a_layout_holds_the_image_that_is_published(fleet: Fleet, tmp_path: Path) -> None:
    """Requirement: "`optimizer build TARGET --output oci:DIR | archive:FILE | engine | registry`: the same image"."""
    image = fleet.api()
    made = write(image, LayoutPublisher(tmp_path / "layout"), engine=False)
    with HttpRegistry() as registry:
        (published,) = publish([image], registry, engine=False)
    assert made.image.documents.digest == published.digest
    found = files(tmp_path / "layout")
    assert json.loads(found.pop("oci-layout")) == {"imageLayoutVersion": "1.0.0"}
    (entry,) = json.loads(found.pop("index.json"))["manifests"]
    assert entry["digest"] == published.digest
    assert entry["annotations"] == {
        "io.containerd.image.name": "docker.io/shop/api:test",
        "org.opencontainers.image.ref.name": "test",
    }
    manifest = fleet.manifest(image)
    wanted = {published.digest, *(item["digest"] for item in (manifest["config"], *manifest["layers"]))}  # type: ignore[misc]
    assert set(found) == {f"blobs/{digest.replace(':', '/')}" for digest in wanted}
    assert all(path.rpartition("/")[2] == hashlib.sha256(data).hexdigest() for path, data in found.items())
    assert [layer.source for layer in made.layers] == ["made", "made"]


def test_an_archive_is_a_layout_that_docker_load_takes_too(fleet: Fleet, tmp_path: Path) -> None:
    image = fleet.api()
    write(image, ArchivePublisher(tmp_path / "image.tar"), engine=False)
    write(image, LayoutPublisher(tmp_path / "layout"), engine=False)
    with tarfile.open(tmp_path / "image.tar") as archive:
        inside = {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}  # type: ignore[union-attr]
        assert {(member.uid, member.mtime) for member in archive} == {(0, archive.getmembers()[0].mtime)}
    (saved,) = json.loads(inside.pop("manifest.json"))
    assert inside == files(tmp_path / "layout")
    assert saved["RepoTags"] == ["shop/api:test"]
    config = json.loads(inside[saved["Config"]])
    assert [sha256(gzip.decompress(inside[layer])) for layer in saved["Layers"]] == config["rootfs"]["diff_ids"]
    with open_image(str(tmp_path / "image.tar")) as opened:
        assert read_image(opened).image.source == "archive"


def test_equal_images_give_equal_archives(fleet: Fleet, tmp_path: Path) -> None:
    for name in ("one.tar", "two.tar"):
        write(fleet.api(), ArchivePublisher(tmp_path / name), engine=False)
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_layers_are_taken_from_a_repository_that_is_only_read(fleet: Fleet, tmp_path: Path) -> None:
    image = fleet.api()
    with HttpRegistry() as registry:
        publish([image], registry, engine=False)
    fleet.registry.calls.clear()
    made = write(image, LayoutPublisher(tmp_path / "layout"), engine=False, reuse=reuse(fleet))
    assert [layer.source for layer in made.layers] == ["found", "found"]
    assert {method for method, _ in fleet.registry.calls} == {"GET"}


def test_a_layer_that_is_not_what_its_annotation_says_is_refused(fleet: Fleet, tmp_path: Path) -> None:
    """Requirement: "what is reused is verified against its digest and `diff_id`"."""
    image = fleet.api()
    with HttpRegistry() as registry:
        publish([image], registry, engine=False)
    key = image.key(image.plan.stage(image.plan.layers[-1]))
    media_type, body = fleet.registry.manifests[f"{NAME}:{key_tag(key)}"]
    manifest = json.loads(body)
    for wrong in (gzip.compress(b"another tree"), b"no gzip at all"):
        manifest["layers"][-1].update(digest=fleet.registry.hold(NAME, wrong), size=len(wrong))
        fleet.registry.put(f"{NAME}:{key_tag(key)}", media_type, json.dumps(manifest).encode())
        with pytest.raises(ImageError, match=f'a layer in "{fleet.registry.host}/{NAME}" is not what its annotation says'):
            write(image, ArchivePublisher(tmp_path / "image.tar"), engine=False, reuse=reuse(fleet))
        assert not (tmp_path / "image.tar").exists()


def test_a_base_layer_that_breaks_off_is_taken_up_again(fleet: Fleet, tmp_path: Path) -> None:
    fleet.add_base(base_layer("big", os.urandom(300_000)))
    fleet.registry.cut_blobs = [100_000, 50_000]
    write(fleet.api(), ArchivePublisher(tmp_path / "image.tar"), engine=False)
    assert len(fleet.registry.ranges) == 2
    with open_image(str(tmp_path / "image.tar")) as opened:
        read_image(opened)


@pytest.mark.parametrize("kind", [LayoutPublisher, ArchivePublisher])
def test_another_content_than_the_digest_leaves_no_image(kind: type[Any], fleet: Fleet, tmp_path: Path) -> None:
    image = fleet.api()
    (digest, data) = next(
        (digest, data) for digest, data in fleet.registry.blobs.items() if data == gzip.compress(base_layer("base-two"), mtime=0)
    )
    fleet.registry.blobs[digest] = data[:-1] + bytes([data[-1] ^ 1])
    with pytest.raises(RegistryError, match="another content than the digest"):
        write(image, kind(tmp_path / "output"), engine=False)
    assert not (tmp_path / "output" / "index.json").exists()
    assert [path for path in tmp_path.rglob("*.part")] == []
    fleet.registry.blobs[digest] = data
    write(image, kind(tmp_path / "output"), engine=False)
    with open_image(str(tmp_path / "output")) as opened:
        read_image(opened)


def test_a_layout_keeps_other_images_and_repairs_its_blobs(fleet: Fleet, tmp_path: Path) -> None:
    publisher = LayoutPublisher(tmp_path / "layout")
    write(fleet.api(), publisher, "api:one", engine=False)
    write(fleet.api("2"), publisher, "api:two", engine=False)
    second = write(fleet.api("3"), publisher, "api:two", engine=False)
    entries = index(tmp_path / "layout")
    assert [entry["annotations"]["org.opencontainers.image.ref.name"] for entry in entries] == ["one", "two"]
    assert entries[1]["digest"] == second.image.documents.digest


def test_a_blob_that_is_there_is_not_fetched_again_unless_it_is_damaged(fleet: Fleet, tmp_path: Path) -> None:
    publisher, image = LayoutPublisher(tmp_path / "layout"), fleet.api()
    write(image, publisher, engine=False)
    one, two = (layer["digest"] for layer in json.loads(fleet.registry.manifests[f"{BASE}:22"][1])["layers"])
    path = tmp_path / "layout" / "blobs" / one.replace(":", "/")
    before = path.read_bytes()
    path.write_bytes(b"x" * len(before))
    fleet.registry.calls.clear()
    write(image, publisher, engine=False)
    fetched = {request.rpartition("/")[2] for _, request in fleet.registry.calls}
    assert (path.read_bytes() == before, one in fetched, two in fetched) == (True, True, False)


def test_a_directory_with_something_else_is_refused(fleet: Fleet, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text("text")
    (tmp_path / "file").write_text("text")
    for path in (tmp_path / "docs", tmp_path / "file"):
        with pytest.raises(ImageError, match=f'"{path}" is no OCI layout; allowed: a new or empty directory, or a layout'):
            write(fleet.api(), LayoutPublisher(path), engine=False)
    assert files(tmp_path / "docs") == {"page.md": b"text"}
    (tmp_path / "layout").mkdir()
    (tmp_path / "layout" / "oci-layout").write_text("{}")
    (tmp_path / "layout" / "index.json").write_text("[")
    with pytest.raises(ImageError, match="the index .* cannot be read"):
        write(fleet.api(), LayoutPublisher(tmp_path / "layout"), engine=False)


def test_a_full_disk_leaves_the_file_that_was_there(fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "image.tar").write_text("the old one")
    real = Path.open

    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def full(path: Path, mode: str = "r", *arguments: Any, **more: Any) -> Any:
        if path.name.endswith(".part"):
            path.touch()
            return Full()
        return real(path, mode, *arguments, **more)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(ImageError) as raised:
        write(fleet.api(), ArchivePublisher(tmp_path / "image.tar"), engine=False)
    assert str(raised.value).startswith(f'{tmp_path}/image.tar: "{tmp_path}/image.tar" cannot be written: No space left on device')
    assert (tmp_path / "image.tar").read_text() == "the old one"
    assert list(tmp_path.glob("*.part")) == list(tmp_path.glob(".*.part")) == []


def test_a_stage_that_needs_an_engine_is_named(fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making.shutil, "which", lambda name: None)
    image = fleet.image(Command([["make"]]))
    with pytest.raises(EngineError, match="it needs a container engine, because .* and there is none on this machine"):
        write(image, ArchivePublisher(tmp_path / "image.tar"))
