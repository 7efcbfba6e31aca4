"""A patched base whose Python, or whose Node.js and npm, are the same: its images are published without making anything, and a lock that lies is found by every build."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from optimizer import Lock
from optimizer.bases.tools import known_tools
from optimizer.model.reference import ImageReference
from tests import forked
from tests.engine.host_python import exact_python
from tests.engine.host_uv import installed_uv
from tests.engine.services import invoke, manifest
from tests.engine.standins import push_patched_standins
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
REPOSITORY = "patched-base-functions"
PATCHED = "patched-base"
PYTHON = "public.ecr.aws/lambda/python:3.13"
NODE = "public.ecr.aws/lambda/nodejs:22"
SPEC = """\
runtime = "python3.13"
[[steps]]
kind = "python-dependencies"
lock = "requirements.txt"
[[steps]]
kind = "source-code"
source = "code"
"""
HANDLER = """\
import os

import tabulate

def handler(event, context):
    return {"cached": os.path.exists(tabulate.__cached__), "patched": os.path.exists("/etc/patched")}
"""


@dataclass
class Project:
    """A function; ``mirror`` is where its bases are taken from, ``path`` has the tools of a machine without an engine."""

    directory: Path
    registry: str
    mirror: str
    path: str

    def run(self, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": path if path is not None else self.path}
        return forked.run("optimizer", *arguments, "--mirror", self.mirror, cwd=self.directory, env=environment)

    def succeed(self, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
        done = self.run(*arguments, path=path)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def publish(self, tag: str, *options: str, path: str | None = None) -> dict[str, Any]:
        place = ["--repository", f"{self.registry}/{REPOSITORY}", "--tag", tag]
        said = json.loads(self.succeed("publish", "api.image.toml", *place, "--format", "json", *options, path=path).stdout)
        return dict(said["images"][0])

    def programs(self, base: str) -> dict[str, dict[str, str]]:
        image = Lock.parse((self.directory / "optimizer.lock").read_text(encoding="utf-8")).pinned(ImageReference.parse(base))
        assert image is not None
        return {name: dict(table) for name, table in image.programs.items()}


@pytest.fixture(scope="module")
def project(registry: str, tmp_path_factory: pytest.TempPathFactory) -> Project:
    directory = tmp_path_factory.mktemp("patched")
    (directory / "code").mkdir()
    (directory / "code" / "app.py").write_text(HANDLER, encoding="utf-8")
    (directory / "api.image.toml").write_text(SPEC, encoding="utf-8")
    shutil.copy(ROOT / "tests" / "engine" / "projects" / "pip-hashed" / "requirements.txt", directory)
    uv = installed_uv(known_tools().tools["uv"].tool.version, tmp_path_factory.mktemp("uv"))
    python = exact_python(registry, tmp_path_factory.mktemp("python"))
    # Neither the engine nor anything else of this machine but these two.
    return Project(directory, registry, registry, os.pathsep.join(map(str, (uv, python))))


def test_a_patched_base_makes_nothing(project: Project) -> None:
    """Requirement: "patched stand-in base, `optimizer pin --update`, publish without docker on PATH: nothing made, image answers"."""
    assert shutil.which("docker", path=project.path) is None
    project.succeed("pin", "api.image.toml")
    assert project.programs(PYTHON) == {"python": {"amd64": "3.13.5"}}
    first = project.publish("first", "--no-engine")
    assert {layer["source"] for layer in first["layers"]} == {"made"}

    push_patched_standins(project.registry, PATCHED, ["python"])
    project.mirror = f"{project.registry}/{PATCHED}"
    project.succeed("pin", "api.image.toml", "--update")
    second = project.publish("second", "--no-engine", "--no-host", path="/nowhere")
    assert {layer["source"] for layer in second["layers"]} == {"found"}

    below, above = (manifest(project.registry, REPOSITORY, tag)["layers"] for tag in ("first", "second"))
    assert len(above) == len(below) + 1
    assert above[-2:] == below[-2:]
    reference = f"{project.registry}/{REPOSITORY}:second"
    subprocess.run(["docker", "pull", "--quiet", reference], check=True, capture_output=True, timeout=PATIENCE_S)
    assert invoke(reference, "app.handler", {}) == {"cached": True, "patched": True}


def test_the_dockerfile_gives_the_same_layers(project: Project) -> None:
    """Requirement: "The same `diff_id` from both back ends", of layers that another base had made."""
    reuse = ["--assembled", "--reuse", f"{project.registry}/{REPOSITORY}"]
    done = project.succeed("verify", "api.image.toml", *reuse, path=os.environ["PATH"])
    assert done.stdout.endswith("1 image built and assembled, all layers equal\n")


def test_a_lock_that_lies_is_found_by_verify(project: Project) -> None:
    """Requirement: "`verify` should notice a lie"; "fails the build with a clear message (what, wanted, found, fix: `optimizer pin --update`)"."""
    lock = project.directory / "optimizer.lock"
    right = lock.read_text(encoding="utf-8")
    lock.write_text(right.replace("3.13.5", "3.13.4"), encoding="utf-8")
    for options in ([], ["--assembled"]):
        done = project.run("verify", "api.image.toml", *options, path=os.environ["PATH"])
        assert done.returncode == 2, done.stdout + done.stderr
        assert (
            "this layer is of Python 3.13.4, which optimizer.lock has for the base image, and the base image has Python 3.13.5"
            in done.stderr
        )
        assert "hint: run optimizer pin --update, then synthesize or render again" in done.stderr
    project.succeed("pin", "api.image.toml", "--update")
    assert lock.read_text(encoding="utf-8") == right


def test_a_patched_base_of_nodejs_makes_nothing(project: Project, tmp_path: Path) -> None:
    """Requirement: "a patched base of Node.js rebuilds all Node packages" no more, and "the Dockerfile's stage must check what the key promises"."""
    function = Project(tmp_path / "function", project.registry, project.registry, "/nowhere")
    (function.directory / "code").mkdir(parents=True)
    (function.directory / "code" / "app.js").write_text('exports.handler = async () => require("mustache").render("{{a}}", {a: 1});\n')
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "tests" / "engine" / "projects" / "npm" / name, function.directory)
    text = SPEC.replace("python3.13", "nodejs22.x").replace("python-dependencies", "node-dependencies")
    (function.directory / "api.image.toml").write_text(text.replace("requirements.txt", "package-lock.json"), encoding="utf-8")
    function.succeed("pin", "api.image.toml")
    assert function.programs(NODE) == {"node": {"amd64": "22.23.5"}, "npm": {"amd64": "10.9.9"}}
    first = function.publish("node-first", path=os.environ["PATH"])
    assert {layer["source"] for layer in first["layers"]} == {"made"}

    push_patched_standins(function.registry, PATCHED, ["nodejs"])
    function.mirror = f"{function.registry}/{PATCHED}"
    function.succeed("pin", "api.image.toml", "--update")
    second = function.publish("node-second", "--no-engine", "--no-host")
    assert {layer["source"] for layer in second["layers"]} == {"found"}

    lock = function.directory / "optimizer.lock"
    lock.write_text(lock.read_text(encoding="utf-8").replace("10.9.9", "10.9.8"), encoding="utf-8")
    lie = function.run("verify", "api.image.toml", path=os.environ["PATH"])
    assert "this layer is of npm 10.9.8, which optimizer.lock has for the base image, and the base image has npm 10.9.9" in lie.stderr
