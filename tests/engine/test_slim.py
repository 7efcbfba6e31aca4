"""A slimmed image still answers, and is smaller by what the report says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from optimizer import ImageSpec, Lock
from optimizer.bases.mirror import Mirror
from optimizer.context import Project, build_context, stage_context
from optimizer.planning import plan
from tests.engine import services

ROOT = Path(__file__).parents[2]
BASE = "house/python:3.13"
SPEC = """
runtime = "python3.13"
base = "public.ecr.aws/house/python:3.13"
# The report counts what installers brought, and byte-code would be saved on top of it.
bytecode = false

[[steps]]
kind = "source-code"
source = "app"

[[steps]]
kind = "python-dependencies"
lock = "requirements.txt"
"""
HANDLER = """
import idna
import numpy.testing


def handler(event, context):
    numpy.testing.assert_array_equal(numpy.linalg.norm(event), 5.0)
    return {"idna": idna.__file__, "host": idna.encode("bücher.example").decode()}
"""


def docker(*arguments: str) -> str:
    result = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=600, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.fixture(scope="module")
def project(registry: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project on a house base that has a package of its own where AWS's bases keep theirs."""
    directory = tmp_path_factory.mktemp("slim")
    recipe = directory / "base"
    recipe.mkdir()
    (recipe / "Dockerfile").write_text(
        f"FROM {registry}/lambda/python:3.13-x86_64\nRUN python -m pip install --no-compile --target /var/runtime idna==3.10\n"
    )
    docker("build", "--quiet", "--tag", f"{registry}/{BASE}", str(recipe))
    docker("push", "--quiet", f"{registry}/{BASE}")
    docker("rmi", f"{registry}/{BASE}")
    (directory / "app").mkdir()
    (directory / "app" / "app.py").write_text(HANDLER)
    (directory / "requirements.txt").write_text("idna==3.10\nnumpy==2.2.4\n")
    (directory / "whole.image.toml").write_text(SPEC)
    (directory / "slim.image.toml").write_text(SPEC + 'slim = ["tests", "static-libraries", "base-packages"]\n')
    optimizer(directory, "pin", "--mirror", registry, "--image", f"public.ecr.aws/{BASE}")
    return directory


def optimizer(project: Path, *arguments: str) -> str:
    argv = [sys.executable, "-m", "optimizer", *arguments]
    result = subprocess.run(
        argv, cwd=project, capture_output=True, text=True, timeout=600, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def build(project: Path, spec: str, registry: str, output: Path) -> str:
    files = Project(project)
    lock = Lock.parse((project / "optimizer.lock").read_text(encoding="utf-8"))
    made = plan(ImageSpec.load(project / spec), lock, files, mirror=Mirror.parse(registry))
    context = build_context(made, files)
    return docker("build", "--quiet", "--platform", context.platform, str(stage_context(context, files, output)))


def layer_bytes(image: str, layer: int, output: Path) -> int:
    """Bytes of the files of a layer, counted from the last one."""
    archive = output / "image.tar"
    docker("save", "--output", str(archive), image)
    with tarfile.open(archive) as outer:
        name = json.load(outer.extractfile("manifest.json"))[0]["Layers"][layer]  # type: ignore[arg-type]
        with tarfile.open(fileobj=outer.extractfile(name)) as inner:
            return sum(member.size for member in inner if member.isfile())


def test_a_slimmed_image_answers_and_is_smaller_by_the_report(project: Path, registry: str, tmp_path: Path) -> None:
    """Requirement: "`plan` shows what was left out and how many bytes that saves"."""
    whole, slim = (build(project, f"{name}.image.toml", registry, tmp_path) for name in ("whole", "slim"))
    shown = json.loads(optimizer(project, "plan", "slim.image.toml", "--mirror", registry, "--measure", "--format", "json"))["slimming"]
    assert shown["saved_bytes"] == layer_bytes(whole, -2, tmp_path) - layer_bytes(slim, -2, tmp_path)
    assert {(row["word"], row["package"]) for row in shown["left_out"]} == {
        ("base-packages", "idna 3.10"),
        ("static-libraries", "numpy 2.2.4"),
        ("tests", "numpy 2.2.4"),
    }
    answers = [services.invoke(image, "app.handler", [3, 4]) for image in (whole, slim)]
    assert [answer["host"] for answer in answers] == ["xn--bcher-kva.example"] * 2
    assert [answer["idna"].startswith(place) for answer, place in zip(answers, ("/var/task", "/var/runtime"))] == [True, True]
