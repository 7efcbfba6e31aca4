"""Publishing byte-code of the exact Python that the lock tells of the base: on this machine, and once for all bases of it."""

from __future__ import annotations

import gzip
import json
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimizer import SourceCode
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.errors import EngineError
from optimizer.model.publication import ImageResult
from optimizer.publishing import making
from optimizer.publishing.images import PublishImage
from optimizer.publishing.publish import publish
from tests.adapters.push_server import serving_pushes
from tests.publishing.fleet import NAME, Fleet, base_layer

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    """Functions of the Python that these tests run in, which this machine has."""
    (tmp_path / "project").mkdir()
    with serving_pushes() as registry:
        registry.mounts = False
        base = f"lambda/python:{MINOR}"
        found = Fleet(registry, tmp_path / "project", base=base, runtime=f"python{MINOR}", python=platform.python_version())
        found.add_base()
        yield found


def code(fleet: Fleet) -> PublishImage:
    fleet.write("functions/api/app.py", "def handler(event, context):\n    return [number for number in range(3)]\n")
    return fleet.image(SourceCode("functions/api", name="code"), allow=[fleet.runtime])


def published(image: PublishImage, **options: object) -> ImageResult:
    with HttpRegistry(sleep=lambda seconds: None) as registry:
        return publish([image], registry, **options)[0]  # type: ignore[arg-type]


def test_it_is_compiled_here_and_no_engine_is_asked(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "Publish then needs no asking of an engine where the lock tells"."""

    def build(*arguments: object, **more: object) -> None:
        pytest.fail("an engine was asked")

    monkeypatch.setattr("optimizer.adapters.stage_trees.build_trees", build)
    monkeypatch.setattr(making.LayerMaker, "_has_engine", lambda self: True)
    image = code(fleet)
    assert [layer.source for layer in published(image).layers] == ["made"]
    layer = gzip.decompress(fleet.registry.blobs[fleet.manifest(image)["layers"][-1]["digest"]])
    assert f"__pycache__/app.cpython-{MINOR.replace('.', '')}.pyc".encode() in layer
    assert not [path for _, path in fleet.registry.calls if "/manifests/python-" in path], "what the lock tells is asked of no tag"


def test_a_patched_base_of_the_same_python_makes_nothing(fleet: Fleet) -> None:
    """Requirement: "publish with a patched base makes nothing, uploads only the new base layers, config and manifest"."""
    first = code(fleet)
    published(first)
    patched = base_layer("base-patched", b"\0" * 5000)
    fleet.add_base(base_layer("base-one"), patched)
    image = code(fleet)
    assert image.plan.base != first.plan.base
    fleet.registry.calls.clear()
    fleet.registry.received = 0
    result = published(image, engine=False, host=False)
    assert [layer.source for layer in result.layers] == ["found"]
    config = fleet.registry.blobs[fleet.manifest(image)["config"]["digest"]]
    assert fleet.registry.received == len(gzip.compress(patched, mtime=0)) + len(config)
    puts = [path for method, path in fleet.registry.calls if method == "PUT" and "/manifests/" in path]
    assert len(puts) == 2, "the tag of the image, and that of the base"
    assert fleet.manifest(image)["layers"][-1] == fleet.manifest(first)["layers"][-1]
    assert json.loads(config)["rootfs"]["diff_ids"][1] != fleet.config(first)["rootfs"]["diff_ids"][1]


def test_a_patched_base_of_another_python_compiles_again(fleet: Fleet) -> None:
    published(code(fleet))
    fleet.python = f"{MINOR}.99"
    fleet.add_base(base_layer("base-one"), base_layer("base-patched"))
    with pytest.raises(EngineError) as raised:
        published(code(fleet), engine=False)
    here = platform.python_version()
    (fault,) = raised.value.faults
    assert (
        f"because its byte-code is that of Python {MINOR}.99, which is that of its base, and of {MINOR} this machine has " in fault.message
    )
    assert here in fault.message


def test_a_system_without_forks_leaves_byte_code_to_an_engine(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    with pytest.raises(EngineError, match="its byte-code is that of forked processes, which this system does not have"):
        published(code(fleet), engine=False)


def test_without_the_fact_a_patched_base_compiles_again(fleet: Fleet) -> None:
    fleet.python = ""
    with pytest.raises(
        EngineError,
        match=rf"its byte-code is that of the exact Python {MINOR} of its base, which optimizer\.lock does not tell \(see optimizer pin\), and of",
    ):
        published(code(fleet), engine=False)
    assert [path for _, path in fleet.registry.calls if f"/v2/{NAME}/manifests/python-" in path]
