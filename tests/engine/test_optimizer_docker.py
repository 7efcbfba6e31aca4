"""``CDK_DOCKER=optimizer-docker cdk deploy`` on a machine whose PATH has no docker, against the real CLI, registry and control plane."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.engine.cdk_app import ROOT, CdkApp
from tests.engine.services import invoke, manifest
from tests.patience import PATIENCE_S

APP = """
import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from optimizer import Files, ImageSpec, NodeDependencies, PythonDependencies, SourceCode
from optimizer.cdk import OptimizedFunction, SharedAssetRepository, SharedRepositorySynthesizer

app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="engineless"))
part = app.node.get_context("part")
if part == "Files":
    # The control plane cannot update a stack: each is deployed once.
    SharedAssetRepository(cdk.Stack(app, "EnginelessRepository"), "Images", repository_name="engineless")
stack = cdk.Stack(app, "Engineless" + part)


def functions(*more):
    common = [SourceCode("javascript"), Files("text", to="/opt/text/"), *more[:1]]
    OptimizedFunction(stack, "Node", spec=ImageSpec(runtime="nodejs22.x", steps=common), handler="index.handler")
    common = [SourceCode("python"), Files("text", to="/opt/text/"), *more[1:]]
    OptimizedFunction(stack, "Python", spec=ImageSpec(runtime="python3.13", steps=common, bytecode=False), handler="app.handler")


if part == "Hand":
    lambda_.DockerImageFunction(stack, "Api", code=lambda_.DockerImageCode.from_image_asset("hand"))
elif part == "Files":
    functions()
    spec = ImageSpec(runtime="nodejs22.x", architecture="arm64", steps=[SourceCode("javascript"), Files("text", to="/opt/text/")])
    OptimizedFunction(stack, "Arm", spec=spec, handler="index.handler")
else:
    functions(NodeDependencies("npm/package-lock.json"), PythonDependencies("requirements.txt"))
app.synth()
"""
FILES = {
    "javascript/index.js": 'exports.handler = async () => require("fs").readFileSync("/opt/text/note", "utf8");\n',
    "python/app.py": 'def handler(event, context):\n    return open("/opt/text/note").read()\n',
    "text/note": "files",
    "hand/Dockerfile": "FROM scratch\n",
    "requirements.txt": "idna==3.10\n",
}
HANDLERS = {"Node": "index.handler", "Python": "app.handler"}


def without_docker(directory: Path) -> str:
    """A PATH that has every program of this machine but docker and its like."""
    directory.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for entry in os.scandir(place) if os.path.isdir(place) else ():
            link = directory / entry.name
            if entry.name.partition("-")[0] not in ("docker", "podman", "buildah", "nerdctl") and not os.path.lexists(link):
                link.symlink_to(entry.path)
    # The programs of a virtual environment have to be called where they are.
    return f"{Path(sys.executable).parent}{os.pathsep}{directory}"


@pytest.fixture(scope="module")
def app(registry: str, control_plane: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> CdkApp:
    """The app with this program in docker's place, and a docker for it."""
    directory = tmp_path_factory.mktemp("engineless")
    made = CdkApp.write(directory / "app", APP, registry, control_plane)
    shutil.copytree(Path(__file__).parent / "projects" / "npm", made.project / "npm")
    for name, text in FILES.items():
        path = made.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (made.project / "cdk.json").write_text(json.dumps({"app": "python3 app.py", "context": {"part": "Files"}}), encoding="utf-8")
    made.prepare("python3.13", "nodejs22.x")
    program = f"{sys.executable} -m optimizer.docker_program"
    return replace(made, environment={**made.environment, "OPTIMIZER_TEST_DOCKER": program, "XDG_CACHE_HOME": str(directory / "cache")})


@pytest.fixture(scope="module")
def bare(app: CdkApp) -> CdkApp:
    """The same on a machine without docker."""
    made = replace(app, environment={**app.environment, "PATH": without_docker(app.project.parent / "bin")})
    assert made.run(["sh", "-c", "command -v docker || command -v podman"]).returncode != 0
    return made


def deployed(app: CdkApp, part: str, *options: str) -> tuple[dict[str, str], list[list[str]], str]:
    """The pushed images of a deployment by function, the calls of docker that it made, and what was printed."""
    before, images = (len(app.log.read_text().splitlines()) if app.log.exists() else 0), len(app.pushed())
    result = app.deploy("--context", f"part={part}", *options)
    assert result.returncode == 0, result.stdout + result.stderr
    assets = json.loads((app.project / "cdk.out" / f"Engineless{part}.assets.json").read_text(encoding="utf-8"))["dockerImages"]
    pushed = {assets[image.rpartition(":")[2]]["displayName"].rpartition("/")[2]: image for image in app.pushed()[images:]}
    return pushed, [json.loads(line)["argv"] for line in app.log.read_text().splitlines()[before:]], result.stdout + result.stderr


def blob(registry: str, digest: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://{registry}/v2/engineless/blobs/{digest}", timeout=PATIENCE_S) as answer:
        return dict(json.load(answer))


def answers(images: dict[str, str]) -> dict[str, object]:
    return {name: invoke(image, HANDLERS[name], {}) for name, image in images.items()}


def test_the_page_shows_what_is_run_here() -> None:
    page = (ROOT / "docs" / "optimizer-docker.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    assert block.splitlines() == ["$ export CDK_DOCKER=optimizer-docker", "$ cdk deploy --all"]


def test_files_and_code_are_deployed_without_docker(bare: CdkApp) -> None:
    """Requirement: "On a machine whose PATH has no docker: `cdk deploy --all` of the example's Python, Node.js and files-only functions"."""
    images, calls, printed = deployed(bare, "Files")
    assert {"login", "inspect", "build", "tag", "push"} == {call[0] for call in calls}
    arm = manifest(bare.registry, "engineless", images.pop("Arm").rpartition(":")[2])
    assert blob(bare.registry, arm["config"]["digest"])["architecture"] == "arm64"
    # The trees are those of the other architecture's image; the base is not.
    node = manifest(bare.registry, "engineless", images["Node"].rpartition(":")[2])
    assert [layer["digest"] for layer in arm["layers"]][-2:] == [layer["digest"] for layer in node["layers"]][-2:]
    assert arm["layers"][:-2] != node["layers"][:-2]
    assert answers(images) == {"Node": "files", "Python": "files"}
    assert "pushed" in printed
    again, calls, _ = deployed(bare, "Files")
    assert (again, calls) == ({}, [])


def test_what_an_engine_made_once_is_deployed_without_one(app: CdkApp, bare: CdkApp) -> None:
    first, _, _ = deployed(app, "First")
    assert answers(first) == {"Node": "files", "Python": "files"}
    (app.project / "text" / "note").write_text("edited", encoding="utf-8")
    second, calls, _ = deployed(bare, "Second")
    assert answers(second) == {"Node": "edited", "Python": "edited"}
    assert [call[0] for call in calls].count("push") == 2


def test_a_dockerfile_of_people_needs_a_docker_and_says_so(bare: CdkApp) -> None:
    result = bare.deploy("--context", "part=Hand")
    assert result.returncode != 0
    text = result.stdout + result.stderr
    assert 'error: the image "Api/AssetImage" in "' in text
    assert "needs a container engine, because its Dockerfile was written by hand" in text
    assert "and there is no docker on this machine" in text
