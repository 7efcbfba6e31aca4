"""A slimmed image still answers, and is smaller by what the report says."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from optimizer import ImageSpec, Lock
from optimizer.bases.mirror import Mirror
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.planning.plan import plan
from optimizer.project.files import Project
from tests import forked
from tests.engine import services

ROOT = Path(__file__).parents[2]
PROJECTS = Path(__file__).parent / "projects"
PYTHON_BASE, NODE_BASE = "house/python:3.13", "house/nodejs:22"
PYTHON_SPEC = """
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
PYTHON_HANDLER = """
import idna
import numpy.testing


def handler(event, context):
    numpy.testing.assert_array_equal(numpy.linalg.norm(event), 5.0)
    return {"idna": idna.__file__, "host": idna.encode("bücher.example").decode()}
"""
NODE_SPEC = """
runtime = "nodejs22.x"
base = "public.ecr.aws/house/nodejs:22"

[[steps]]
kind = "source-code"
source = "app"

[[steps]]
kind = "node-dependencies"
lock = "package-lock.json"
"""
NODE_HANDLER = """
const { parse } = require("@aws-sdk/util-arn-parser");
const mustache = require("mustache");

exports.handler = async (event) => ({
  sdk: require.resolve("@aws-sdk/util-arn-parser"),
  service: parse(event.arn).service,
  text: mustache.render("Hello, {{name}}", event),
});
"""
# The part of the SDK that the base carries, with all that it needs, and where AWS's bases have theirs.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html tells the runtime's own NODE_PATH.
SDK = ("@aws-sdk/util-arn-parser@3.893.0", "tslib@2.9.1")


def docker(*arguments: str) -> str:
    result = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=600, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def project(directory: Path, registry: str, base: str, recipe: str, spec: str, words: str) -> Path:
    """A project on a company base that has packages of its own where AWS's bases keep theirs."""
    (directory / "base").mkdir()
    (directory / "base" / "Dockerfile").write_text(recipe)
    docker("build", "--quiet", "--tag", f"{registry}/{base}", str(directory / "base"))
    docker("push", "--quiet", f"{registry}/{base}")
    docker("rmi", f"{registry}/{base}")
    (directory / "whole.image.toml").write_text(spec)
    (directory / "slim.image.toml").write_text(spec + f"slim = {words}\n")
    optimizer(directory, "pin", "--mirror", registry, "--image", f"public.ecr.aws/{base}")
    (directory / "app").mkdir()
    return directory


def python_project(directory: Path, registry: str) -> Path:
    recipe = f"FROM {registry}/lambda/python:3.13-x86_64\nRUN python -m pip install --no-compile --target /var/runtime idna==3.10\n"
    made = project(directory, registry, PYTHON_BASE, recipe, PYTHON_SPEC, '["tests", "static-libraries", "base-packages"]')
    (made / "app" / "app.py").write_text(PYTHON_HANDLER)
    (made / "requirements.txt").write_text("idna==3.10\nnumpy==2.2.4\n")
    return made


def node_project(directory: Path, registry: str) -> Path:
    recipe = f"FROM {registry}/lambda/nodejs:22-x86_64\nRUN cd /var/runtime && npm install {' '.join(SDK)}\nENV NODE_PATH=/var/runtime/node_modules\n"
    made = project(directory, registry, NODE_BASE, recipe, NODE_SPEC, '["base-packages"]')
    (made / "app" / "app.js").write_text(NODE_HANDLER)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PROJECTS / "npm-sdk" / name, made)
    return made


def optimizer(directory: Path, *arguments: str) -> str:
    result = forked.run("optimizer", *arguments, cwd=directory)
    assert result.returncode == 0, result.stderr
    return result.stdout


def build(directory: Path, spec: str, registry: str, output: Path) -> str:
    files = Project(directory)
    lock = Lock.parse((directory / "optimizer.lock").read_text(encoding="utf-8"))
    made = plan(ImageSpec.load(directory / spec), lock, files, mirror=Mirror.parse(registry))
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


def compare(project: Path, registry: str, output: Path, event: Any) -> tuple[set[tuple[str, str]], list[Any]]:
    """Words and packages of the report, which must say what the layer lost, and the answers of the whole and of the slimmed image."""
    whole, slim = (build(project, f"{name}.image.toml", registry, output) for name in ("whole", "slim"))
    shown = json.loads(optimizer(project, "plan", "slim.image.toml", "--mirror", registry, "--measure", "--format", "json"))["slimming"]
    assert shown["saved_bytes"] == layer_bytes(whole, -2, output) - layer_bytes(slim, -2, output) > 0
    answers = [services.invoke(image, "app.handler", event) for image in (whole, slim)]
    return {(row["word"], row["package"]) for row in shown["left_out"]}, answers


def test_a_slimmed_image_answers_and_is_smaller_by_the_report(registry: str, tmp_path: Path) -> None:
    """Requirement: "`plan` shows what was left out and how many bytes that saves"."""
    left_out, answers = compare(python_project(tmp_path, registry), registry, tmp_path, [3, 4])
    assert left_out == {("base-packages", "idna 3.10"), ("static-libraries", "numpy 2.2.4"), ("tests", "numpy 2.2.4")}
    assert [answer["host"] for answer in answers] == ["xn--bcher-kva.example"] * 2
    assert [answer["idna"].startswith(place) for answer, place in zip(answers, ("/var/task", "/var/runtime"))] == [True, True]


def test_the_sdk_of_a_node_base_is_left_out_and_found(registry: str, tmp_path: Path) -> None:
    """Requirement: "packages that the base already carries at the same version (boto3 and botocore in Python, the SDK in Node.js)"."""
    event = {"arn": "arn:aws:s3:::shop", "name": "shop"}
    left_out, answers = compare(node_project(tmp_path, registry), registry, tmp_path, event)
    assert left_out == {("base-packages", " ".join(package.rsplit("@", 1))) for package in SDK}
    sdk = "node_modules/@aws-sdk/util-arn-parser/"
    assert [answer.pop("sdk").partition(sdk)[0] for answer in answers] == ["/var/task/", "/var/runtime/"]
    assert answers == [{"service": "s3", "text": "Hello, shop"}] * 2
