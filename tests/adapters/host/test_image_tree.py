"""Trees of other images that need no engine; tests/engine compares them with the Dockerfile's."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from optimizer import Extension
from optimizer.adapters.host.image_tree import ImageTreeCopy
from optimizer.adapters.host.tree import BaseFacts, NoImages, Obstacle, TreeRequest
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.errors import ImageError
from optimizer.model.recipes.content import ImageTree
from optimizer.model.reference import ImageReference
from optimizer.publishing.bases import RegistryImages
from tests.adapters.push_server import serving_pushes
from tests.adapters.registry_server import sha256
from tests.publishing.fleet import DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST, Fleet


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    (tmp_path / "project").mkdir()
    with serving_pushes() as registry:
        found = Fleet(registry, tmp_path / "project")
        found.add_base()
        yield found


def layer(*members: tarfile.TarInfo, content: bytes = b"1") -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as target:
        for member in members:
            member.size = len(content) if member.isreg() else 0
            target.addfile(member, io.BytesIO(content) if member.isreg() else None)
    return archive.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", mode: int = 0o644, **records: str) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type, found.linkname, found.mode, found.uid, found.pax_headers = kind, target, mode, 7, dict(records)
    return found


def request(fleet: Fleet, *layers: bytes, source: str = "/opt/", target: str = "/opt/", diff_ids: list[str] | None = None) -> TreeRequest:
    """The tree of an image of layers."""
    registry = fleet.registry
    blobs = [registry.hold("extension", gzip.compress(data, mtime=0)) for data in layers]
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Env": ["A=b=c", "EMPTY"]},
            "rootfs": {"type": "layers", "diff_ids": diff_ids or [sha256(data) for data in layers]},
        }
    ).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": {"mediaType": DOCKER_CONFIG, "digest": registry.hold("extension", config), "size": len(config)},
        "layers": [{"mediaType": DOCKER_LAYER, "digest": blob, "size": len(registry.blobs[blob])} for blob in blobs],
    }
    digest = registry.put("extension:1", DOCKER_MANIFEST, json.dumps(manifest).encode())
    reference = ImageReference.parse(f"{registry.host}/extension:1@{digest}")
    image = fleet.image(Extension(image=str(reference), name="agent"))
    stage = image.plan.stage("agent")
    assert isinstance(stage.recipe, ImageTree)
    stage = replace(stage, recipe=replace(stage.recipe, source=source, target=target))
    images = RegistryImages(HttpRegistry())
    return TreeRequest(plan=image.plan, stage=stage, context=image.directory, facts=BaseFacts(), images=images)


def copied(wanted: TreeRequest, root: Path) -> dict[str, str]:
    tree = root / "tree"
    tree.mkdir()
    assert ImageTreeCopy().obstacle(wanted) == ""
    ImageTreeCopy().make(wanted, tree)
    return {
        str(path.relative_to(tree)): "link" if path.is_symlink() else "directory" if path.is_dir() else path.read_text()
        for path in sorted(tree.rglob("*"))
    }


def test_a_directory_is_what_its_layers_leave(fleet: Fleet, tmp_path: Path) -> None:
    """A directory without an entry of its own, as some builders write it, is one all the same."""
    first = layer(member("opt/bin/run", mode=0o700), member("opt/old"), member("etc/passwd"))
    second = layer(member("opt/.wh.old"), member("opt/link", tarfile.SYMTYPE, "bin"), member("opt/empty", tarfile.DIRTYPE))
    expected = {"opt": "directory", "opt/bin": "directory", "opt/bin/run": "1", "opt/empty": "directory", "opt/link": "link"}
    assert copied(request(fleet, first, second), tmp_path) == expected
    assert (tmp_path / "tree" / "opt" / "bin" / "run").stat().st_mode & 0o111


def test_a_file_lands_under_its_new_name(fleet: Fleet, tmp_path: Path) -> None:
    wanted = request(fleet, layer(member("adapter", mode=0o711)), source="/adapter", target="/opt/extensions/adapter")
    assert copied(wanted, tmp_path) == {"opt": "directory", "opt/extensions": "directory", "opt/extensions/adapter": "1"}


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([member("opt/a"), member("opt/b", tarfile.LNKTYPE, "opt/a")], "is a hardlink"),
        ([member("opt/a", tarfile.CHRTYPE)], "is a character device"),
        ([member("opt/a", **{"SCHILY.xattr.security.capability": "x"})], "has extended attributes"),
        ([member("opt", tarfile.SYMTYPE, "usr/opt"), member("usr/opt/a")], '"/opt/" of .* is a symlink'),
        ([member("opt")], '"/opt/" of .* is a file'),
        ([member("usr/a")], 'has no "/opt/"'),
    ],
)
def test_what_a_builder_copies_in_its_own_way_is_left_to_it(
    members: list[tarfile.TarInfo], reason: str, fleet: Fleet, tmp_path: Path
) -> None:
    with pytest.raises(Obstacle, match=reason):
        copied(request(fleet, layer(*members)), tmp_path)


def test_what_hides_an_obstacle_ends_it(fleet: Fleet, tmp_path: Path) -> None:
    first = layer(member("opt/a"), member("opt/b", tarfile.LNKTYPE, "opt/a"))
    assert copied(request(fleet, first, layer(member("opt/.wh.b"))), tmp_path) == {"opt": "directory", "opt/a": "1"}


def test_a_layer_that_is_another_is_an_error(fleet: Fleet, tmp_path: Path) -> None:
    """And nothing that was read of it is taken."""
    with pytest.raises(ImageError, match="has the digest"):
        copied(request(fleet, layer(member("opt/a")), diff_ids=["sha256:" + "5" * 64]), tmp_path)


def test_an_image_that_no_registry_gives_is_left_to_an_engine(fleet: Fleet, tmp_path: Path) -> None:
    with pytest.raises(Obstacle, match="extension:1 cannot be read: no registry is asked$"):
        copied(replace(request(fleet, layer(member("opt/a"))), images=NoImages()), tmp_path)


def test_variables_of_an_image_are_asked_for_once(fleet: Fleet) -> None:
    wanted = request(fleet, layer(member("opt/a")))
    assert isinstance(wanted.stage.recipe, ImageTree)
    assert wanted.images.variables(wanted.stage.recipe.image) == {"A": "b=c", "EMPTY": ""}
    before = len(fleet.registry.requests)
    wanted.images.variables(wanted.stage.recipe.image)
    assert len(fleet.registry.requests) == before
