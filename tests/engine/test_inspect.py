"""``optimizer inspect`` of one build, wherever it is read from."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import forked
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
DOCKERFILE = """FROM {base}
COPY data /opt/data
COPY app.py /var/task/
RUN --network=none rm /opt/data
"""


def docker(*arguments: str) -> str:
    result = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def inspect(*arguments: str, code: int = 0) -> dict[str, Any]:
    result = forked.run("optimizer", "inspect", *arguments, "--format", "json", cwd=ROOT)
    assert result.returncode == code, result.stderr
    return dict(json.loads(result.stdout)["images"][0])


@pytest.fixture(scope="module")
def images(registry: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The inspections of one image by its source."""
    directory = tmp_path_factory.mktemp("inspect")
    (directory / "Dockerfile").write_text(DOCKERFILE.format(base=f"{registry}/lambda/provided:al2023-x86_64"))
    (directory / "data").write_bytes(b"x" * 100_000)
    (directory / "app.py").write_text("X = 1\n")
    name = f"{registry}/inspected:1"
    docker("build", "--quiet", "--provenance=false", "--tag", name, str(directory))
    try:
        docker("push", "--quiet", name)
        docker("save", "--output", str(directory / "image.tar"), name)
        engine = inspect(name)
    finally:
        docker("rmi", name)
    # The engine no longer has it, so that the same name leads to the registry.
    return {"archive": inspect(str(directory / "image.tar")), "engine": engine, "registry": inspect(name)}


def test_every_source_is_told_apart(images: dict[str, dict[str, Any]]) -> None:
    assert {source: image["source"] for source, image in images.items()} == {source: source for source in images}


def test_every_source_gives_the_same_layers(images: dict[str, dict[str, Any]]) -> None:
    known = ("number", "diffId", "uncompressedBytes", "entries", "wastedBytes", "fromBase", "step")
    layers = {source: [{key: layer[key] for key in known} for layer in image["layers"]] for source, image in images.items()}
    assert layers["archive"] == layers["engine"] == layers["registry"]
    assert {image["configDigest"] for image in images.values()} == {images["registry"]["configDigest"]}


def test_the_registry_alone_knows_what_is_stored(images: dict[str, dict[str, Any]]) -> None:
    assert images["registry"]["digest"] and images["registry"]["manifestBytes"]
    assert all(layer["compression"] == "gzip" and layer["digest"] and layer["compressedBytes"] for layer in images["registry"]["layers"])
    assert images["archive"]["digest"] is None


def test_the_base_its_steps_and_the_waste_are_found(images: dict[str, dict[str, Any]]) -> None:
    image = images["registry"]
    assert image["base"]["how"] == "history"
    own = [layer for layer in image["layers"] if not layer["fromBase"]]
    assert [layer["step"] for layer in own] == ["COPY data /opt/data", "COPY app.py /var/task/", "RUN rm /opt/data"]
    assert (own[0]["wastedBytes"], image["wasted"]["ownBytes"]) == (100_000, 100_000)
    assert [violation for violation in image["violations"] if violation["severity"] == "error"] == []


def test_a_base_image_by_its_tag_is_an_index(registry: str) -> None:
    """Requirement: "an index is noted"; Lambda refuses one."""
    image = inspect(f"{registry}/lambda/provided:al2023", "--platform", "linux/arm64", code=1)
    assert (image["indexed"], image["platform"]) == (True, "linux/arm64")
    assert "LIO652" in {violation["id"] for violation in image["violations"]}
