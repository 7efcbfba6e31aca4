"""Images for another architecture than the engine's, without an emulator."""

from __future__ import annotations

import io
import json
import platform
import struct
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from optimizer import Extension, ImageSpec, Lock, plan
from optimizer.bases.mirror import Mirror
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.model.plan import BuildPlan
from optimizer.planning.keys import stage_keys
from optimizer.planning.plan import required_images
from optimizer.project.files import Project
from stacks.operations import audit_image, ingest_image, invoice_image, receipts_image
from stacks.storefront import recommend_image
from tests.engine.planned import pinned
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
MACHINES = {"x86_64": 62, "arm64": 183}
"""The values of e_machine in an ELF header."""

FUNCTIONS = {
    "python": recommend_image,
    "nodejs": receipts_image,
    "go": ingest_image,
    "java": invoice_image,
    "extension": audit_image,
}
WITH_PROGRAMS = ("python", "go")


@pytest.fixture(scope="module")
def lock(registry: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cross") / "optimizer.lock"
    images = {image for spec in FUNCTIONS.values() for image in required_images(spec("arm64"))}
    pinned(registry, path, *sorted(map(str, images)))
    return path


def planned(spec: ImageSpec, registry: str, lock: Path) -> BuildPlan:
    return plan(spec, Lock.parse(lock.read_text(encoding="utf-8")), root=ROOT, mirror=Mirror.parse(registry))


def build(made: BuildPlan, output: Path) -> str:
    """The id of the image, built as CDK builds it."""
    project = Project(ROOT)
    context = build_context(made, project)
    directory = stage_context(context, project, output)
    argv = ["docker", "build", "--quiet", "--platform", context.platform, str(directory)]
    result = subprocess.run(argv, capture_output=True, text=True, timeout=600, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def inspect(image: str) -> dict[str, Any]:
    result = subprocess.run(["docker", "image", "inspect", image], capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    return dict(json.loads(result.stdout)[0])


def machines(image: str, layers: int, output: Path) -> list[set[int]]:
    """The machines for which the last layers of an image hold programs and libraries, layer by layer."""
    archive = output / "image.tar"
    subprocess.run(["docker", "save", "--output", str(archive), image], check=True, timeout=PATIENCE_S)
    found = []
    with tarfile.open(archive) as outer:
        manifest = json.load(outer.extractfile("manifest.json"))  # type: ignore[arg-type]
        for name in manifest[0]["Layers"][-layers:]:
            with tarfile.open(fileobj=io.BytesIO(outer.extractfile(name).read())) as layer:  # type: ignore[union-attr]
                heads = [layer.extractfile(member).read(20) for member in layer if member.isfile()]  # type: ignore[union-attr]
            found.append({struct.unpack("<H", head[18:20])[0] for head in heads if head.startswith(b"\x7fELF")})
    return found


@pytest.mark.skipif(platform.machine() != "x86_64", reason="nothing runs in the stand-ins for arm64")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_image_for_arm64_needs_no_emulator(name: str, registry: str, lock: Path, tmp_path: Path) -> None:
    """Requirement: "its wheels and binaries are arm64, its layers equal to those of any other builder where the content is
    architecture-neutral"."""
    made = {architecture: planned(FUNCTIONS[name](architecture), registry, lock) for architecture in MACHINES}
    assert not any(stage.on_target for each in made.values() for stage in each.stages)
    images = {architecture: build(each, tmp_path) for architecture, each in made.items()}
    details = {architecture: inspect(image) for architecture, image in images.items()}
    assert [details[architecture]["Architecture"] for architecture in ("x86_64", "arm64")] == ["amd64", "arm64"]
    count = len(made["arm64"].layers)
    holds = {architecture: machines(image, count, tmp_path) for architecture, image in images.items()}
    for architecture, machine in MACHINES.items():
        assert set().union(*holds[architecture]) == ({machine} if name in WITH_PROGRAMS else set())
    equal = [one == other for one, other in zip(*(each["RootFS"]["Layers"][-count:] for each in details.values()))]
    assert equal == [not found for found in holds["arm64"]]


def docker(*arguments: str) -> None:
    subprocess.run(["docker", *arguments], check=True, capture_output=True, timeout=PATIENCE_S)


def test_a_tree_of_another_image_is_that_of_the_target(registry: str, tmp_path: Path) -> None:
    """The digest of an index is the same for both platforms, and what is copied from it is not: so the key holds the platform."""
    name = f"{registry}/tests/who:1"
    for architecture, word in {"x86_64": "amd64", "arm64": "arm64"}.items():
        directory = tmp_path / word
        directory.mkdir()
        (directory / "who").write_text(word, encoding="utf-8")
        (directory / "Dockerfile").write_text("FROM scratch\nCOPY who /opt/extensions/who\n", encoding="utf-8")
        docker("build", "--quiet", "--platform", f"linux/{word}", "--tag", f"{name}-{architecture}", str(directory))
        docker("push", "--quiet", f"{name}-{architecture}")
        docker("rmi", f"{name}-{architecture}")
    docker("buildx", "imagetools", "create", "--tag", name, f"{name}-x86_64", f"{name}-arm64")
    specs = {
        word: ImageSpec(runtime="python3.13", architecture=word, steps=[Extension(image="public.ecr.aws/tests/who:1", name="who")])
        for word in MACHINES
    }
    lock_file = tmp_path / "optimizer.lock"
    pinned(registry, lock_file, *required_images(specs["arm64"]))
    made = {word: planned(spec, registry, lock_file) for word, spec in specs.items()}
    assert not any(each.stage("who").on_target for each in made.values())
    keys = {stage_keys(each, Project(ROOT))["who"] for each in made.values()}
    layers = {inspect(build(each, tmp_path / f"contexts-{word}"))["RootFS"]["Layers"][-1] for word, each in made.items()}
    assert len(keys) == len(layers) == 2
