"""``optimizer build``, in the hands of the tools that take its outputs: engines with both image stores, skopeo, and the pages' own commands."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import forked
from tests.engine.daemon import daemon
from tests.engine.services import invoke, manifest
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "build.md").read_text(encoding="utf-8")
ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
HANDLER = 'exports.handler = async () => require("mustache").render("{{greeting}}", {greeting: "hello"});\n'
APP = """
import os
import aws_cdk as cdk
from optimizer import ImageSpec
from optimizer.cdk import OptimizedFunction, SharedRepositorySynthesizer

app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="output-functions"), outdir="cdk.out")
stack = cdk.Stack(app, "Shop")
OptimizedFunction(stack, "Hello", spec=ImageSpec.load("hello.image.toml"), handler="index.handler")
OptimizedFunction(stack, "Other", spec=ImageSpec.load("other.image.toml"), handler="index.handler")
app.synth()
"""
STEP = '\n[[steps]]\nkind = "{kind}"\n{key} = "{path}"\n'


@dataclass
class Project:
    """A project with a specification whose dependencies an engine makes, and its synthesized app."""

    directory: Path
    registry: str
    environment: dict[str, str]

    def run(self, *argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            argv, cwd=self.directory, env={**self.environment, **environment}, capture_output=True, text=True, timeout=600, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result

    def build(self, *words: str, **environment: str) -> dict[str, Any]:
        variables = {**self.environment, **environment}
        result = forked.run("optimizer", "build", *words, "--format", "json", cwd=self.directory, env=variables)
        assert result.returncode == 0, result.stdout + result.stderr
        return dict(json.loads(result.stdout))


@pytest.fixture(scope="module")
def project(registry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    directory = tmp_path_factory.mktemp("build")
    shutil.copytree(Path(__file__).parent / "projects" / "npm", directory / "npm")
    spec = 'runtime = "nodejs22.x"\n'
    code = STEP.format(kind="source-code", key="source", path="code")
    files = {
        "code/index.js": HANDLER,
        "hello.image.toml": spec + code + STEP.format(kind="node-dependencies", key="lock", path="npm/package-lock.json"),
        "other.image.toml": spec + code,
        "optimizer.toml": f'mirror = "{registry}"\n',
        "app.py": APP,
        "bin/optimizer": f'#!/bin/sh\nexec {sys.executable} -m optimizer "$@"\n',
    }
    for name, text in files.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")
    (directory / "bin" / "optimizer").chmod(0o755)
    context = json.dumps({"aws:cdk:enable-path-metadata": True})
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CDK_CONTEXT_JSON": context}
    environment["PATH"] = f"{directory / 'bin'}{os.pathsep}{environment['PATH']}"
    made = Project(directory, registry, environment)
    made.run("optimizer", "pin", "--image", "nodejs22.x")
    made.run(sys.executable, "app.py")
    yield made
    names = subprocess.run(["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"], capture_output=True, text=True, check=False)
    ours = [name for name in names.stdout.split() if name.startswith("build-outputs:")]
    subprocess.run(["docker", "image", "rm", "--force", *ours], capture_output=True, check=False, timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def archive(project: Project) -> dict[str, Any]:
    """What the first build says, into ``first.tar``, and what the others take layers from."""
    said = project.build("hello.image.toml", "--output", "registry", "--tag", f"{project.registry}/build-outputs:first")
    assert said["images"][0]["state"] == "pushed"
    return project.build(
        "hello.image.toml",
        "--output",
        "archive:first.tar",
        "--tag",
        "build-outputs:archive",
        "--reuse",
        f"{project.registry}/build-outputs",
        "--no-engine",
        PATH=f"{project.directory / 'bin'}:/nowhere",
    )


def test_an_archive_needs_no_engine_and_is_the_image_that_is_pushed(project: Project, archive: dict[str, Any]) -> None:
    """Requirement: "the same image for a scanner, for `docker run`, for a test"."""
    assert {layer["source"] for layer in archive["layers"]} == {"found"}
    pushed = manifest(project.registry, "build-outputs", "first")
    assert pushed["config"]["digest"] == archive["config_digest"]


def test_the_engine_runs_what_it_loads(project: Project, archive: dict[str, Any]) -> None:
    project.run("docker", "load", "--input", "first.tar")
    project.build("hello.image.toml", "--output", "engine", "--tag", "build-outputs:engine", "--reuse", f"{project.registry}/build-outputs")
    ids = {
        name: project.run("docker", "image", "inspect", "--format", "{{.Id}}", f"build-outputs:{name}").stdout.strip()
        for name in ("archive", "engine")
    }
    assert set(ids.values()) == {archive["config_digest"]}
    assert invoke("build-outputs:engine", "index.handler", {}) == "hello"


def test_the_other_image_store_takes_it_too(project: Project, archive: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    # The path of a socket has at most 104 characters.
    with daemon(tmp_path_factory.mktemp("store"), containerd_store=True) as engine:
        engine.docker("load", "--input", str(project.directory / "first.tar"))
        shown = json.loads(engine.docker("image", "inspect", "build-outputs:archive").stdout)[0]
        assert len(shown["RootFS"]["Layers"]) > len(archive["layers"])
        assert (
            "mustache" in engine.docker("run", "--rm", "--entrypoint", "/bin/ls", "build-outputs:archive", "/var/task/node_modules").stdout
        )


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="there is no skopeo")
@pytest.mark.parametrize("form", ["oci:first", "oci-archive:first.tar", "docker-archive:first.tar"])
def test_skopeo_reads_every_form(form: str, project: Project, archive: dict[str, Any]) -> None:
    if form.startswith("oci:"):
        said = project.build(
            "hello.image.toml", "--output", form, "--tag", "build-outputs:archive", "--reuse", f"{project.registry}/build-outputs"
        )
        assert said["digest"] == archive["digest"]
    shown = json.loads(project.run("skopeo", "inspect", form).stdout)
    assert (shown["Architecture"], shown["Os"]) == ("amd64", "linux")
    if not form.startswith("docker"):
        assert shown["Digest"] == archive["digest"]
    # Copying reads and verifies every layer.
    copy = project.directory / f"copy-{form.partition(':')[0]}"
    project.run("skopeo", "copy", "--insecure-policy", form, f"dir:{copy}")


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="there is no skopeo")
@pytest.mark.usefixtures("hello_images")
def test_every_command_of_the_page_works(project: Project, archive: dict[str, Any]) -> None:
    commands = [line.removeprefix("$ ") for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    assert len(commands) == 10
    for command in commands:
        project.run(
            "sh", "-c", command.replace(f"{ECR}/shop-functions", f"{project.registry}/output-functions").replace(ECR, project.registry)
        )
    assert "hello" in project.run("docker", "run", "--rm", "--entrypoint", "/bin/cat", "hello:test", "/var/task/index.js").stdout
