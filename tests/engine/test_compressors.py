"""Layers by another compressor than gzip at its default level, as real builders write and store them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from optimizer.images import compare
from tests import forked
from tests.engine.daemon import Daemon, daemon
from tests.engine.test_verify import leftovers, plain_app
from tests.images.archives import directory, file, tar

ROOT = Path(__file__).parents[2]
# Unpacked as they are: what differs between the two contexts of a verification reaches neither layer.
DOCKERFILE = "FROM scratch\nADD packages.tar /\nADD code.tar /\n"
LIBRARY, CODE = bytes(range(256)) * 400, b"def handler(event, context): ...\n" * 100
TREES = {
    "packages.tar": tar(directory("var"), directory("var/task"), file("var/task/lib.py", LIBRARY)),
    "code.tar": tar(directory("var"), directory("var/task"), file("var/task/app.py", CODE)),
}
# Takes the place of docker, and builds the second image as a builder with another compressor does.
OTHER = """#!/bin/sh
case "$*" in
  "build "*:second*) exec docker "$@" --output type=image,force-compression=true,{compression};;
  *) exec docker "$@";;
esac
"""


@pytest.fixture(scope="module")
def engine_with_blobs(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """An engine that keeps layers compressed, as they were built."""
    with daemon(tmp_path_factory.mktemp("engine"), containerd_store=True) as made:
        yield made


def optimizer(engine: Daemon, *arguments: str, **environment: str) -> tuple[int, dict[str, Any]]:
    variables = {**os.environ, **engine.environment, **environment}
    result = forked.run("optimizer", *arguments, "--format", "json", cwd=ROOT, env=variables)
    assert result.returncode in (0, 1), result.stderr
    return result.returncode, dict(json.loads(result.stdout))


@pytest.mark.parametrize("compression", ["compression=gzip,compression-level=1", "compression=zstd"])
def test_another_compressor_is_named(compression: str, engine_with_blobs: Daemon, tmp_path: Path) -> None:
    """Requirement: "`verify` finds and names each of these when planted: […] another compressor"; "a note, not a difference"."""
    app = plain_app(tmp_path, DOCKERFILE)
    (asset,) = app.glob("asset.*")
    for name, data in TREES.items():
        (asset / name).write_bytes(data)
    program, temporary = tmp_path / "program", tmp_path / "temporary"
    program.write_text(OTHER.format(compression=compression))
    program.chmod(0o755)
    temporary.mkdir()
    code, found = optimizer(engine_with_blobs, "verify", str(app), CDK_DOCKER=str(program), TMPDIR=str(temporary))
    ((image,),) = [found["images"]]
    assert (code, found["reproducible"]) == (0, True)
    assert [(layer["verdict"], layer["hint"], layer["differences"]) for layer in image["layers"]] == [
        ("compressor", compare.OTHER_COMPRESSOR, [])
    ] * 2
    assert all(one == other for one, other in (layer["diffIds"] for layer in image["layers"]))
    assert leftovers(temporary, engine_with_blobs) == []
    # The same builder twice is no difference, also where it keeps what it compressed.
    code, found = optimizer(engine_with_blobs, "verify", str(app))
    assert (code, found["reproducible"]) == (0, True)


def test_layers_compressed_by_zstd_are_read(engine_with_blobs: Daemon, registry: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    for name, data in TREES.items():
        (tmp_path / name).write_bytes(data)
    name = f"{registry}/by-zstd:1"
    output = f"type=image,name={name},push=true,compression=zstd,force-compression=true,oci-mediatypes=true"
    engine_with_blobs.docker("build", "--output", output, str(tmp_path))
    images = [optimizer(engine_with_blobs, "inspect", "--from", source, name)[1]["images"][0] for source in ("registry", "engine")]
    for image in images:
        assert [(layer["compression"], layer["entries"]) for layer in image["layers"]] == [("zstd", 3)] * 2
        assert [violation["id"] for violation in image["violations"]] == ["LIO656", "LIO656"]
    # Every layer was read to its end: its digest is that of the configuration.
    assert images[0]["uncompressedBytes"] == images[1]["uncompressedBytes"] > sum(len(data) for data in (LIBRARY, CODE))
