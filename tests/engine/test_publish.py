"""The example app, published: the images that an engine would have built, assembled without one."""

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

from tests.engine.example import ROOT, assets, built_alone, inspected, pin, synth
from tests.engine.host_python import exact_python
from tests.engine.services import invoke, manifest
from tests.patience import PATIENCE_S

REPOSITORY = "published-functions"
INVOCATIONS: dict[str, Any] = json.loads((Path(__file__).parent / "invocations.json").read_text(encoding="utf-8"))


@dataclass
class Published:
    """The example app, synthesized and published, and what the first publication said."""

    registry: str
    directory: Path
    said: dict[str, Any]

    def publish(self, *options: str, path: str | None = None, repository: str = REPOSITORY) -> dict[str, Any]:
        """What one more publication says; ``path`` is the PATH on which it finds programs."""
        return published(self.registry, self.directory, *options, path=path, repository=repository)

    def reference(self, tag: str) -> str:
        return f"{self.registry}/{REPOSITORY}:{tag}"


def published(registry: str, directory: Path, *options: str, path: str | None, repository: str) -> dict[str, Any]:
    argv = [
        sys.executable,
        "-m",
        "optimizer",
        "publish",
        "cdk.out",
        "--repository",
        f"{registry}/{repository}",
        "--format",
        "json",
        *options,
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **({"PATH": path} if path is not None else {})}
    result = subprocess.run(argv, cwd=directory, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert result.returncode == 0, result.stderr
    return dict(json.loads(result.stdout))


@pytest.fixture(scope="module")
def app(registry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    directory = tmp_path_factory.mktemp("published")
    pin(registry, directory / "optimizer.lock")
    synth(registry, directory / "optimizer.lock", directory / "cdk.out")
    said = published(registry, directory, "--no-host", path=None, repository=REPOSITORY)
    yield Published(registry=registry, directory=directory, said=said)


@pytest.fixture(scope="module")
def without_docker(app: Published, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH on which there is no docker, and the Python of the base images."""
    return str(exact_python(app.registry, tmp_path_factory.mktemp("python")))


def test_layers_and_configuration_are_those_of_an_engines_build(app: Published) -> None:
    """Requirement: "The same `diff_id` from both back ends for every recipe that both can make"."""
    for tag, source in assets(app.directory / "cdk.out").items():
        subprocess.run(["docker", "pull", "--quiet", app.reference(tag)], capture_output=True, check=True, timeout=PATIENCE_S)
        alone = built_alone(app.directory / "cdk.out" / source["directory"], source["platform"])
        assert inspected(app.reference(tag)) == inspected(alone)


@pytest.mark.parametrize("path", INVOCATIONS)
def test_published_images_answer(path: str, app: Published) -> None:
    """Requirement: "the pushed images, run by an engine afterwards, answer rightly"."""
    references = {image["name"]: image["reference"] for image in app.said["images"]}
    invocation = INVOCATIONS[path]
    answer = invoke(references[path], invocation["handler"], invocation["event"], invocation.get("environment"))
    expected = invocation["answer"]
    assert {key: answer[key] for key in expected if key != "body"} == {key: expected[key] for key in expected if key != "body"}


def test_nothing_is_sent_again(app: Published) -> None:
    said = app.publish()
    assert {image["state"] for image in said["images"]} == {"present"}
    assert said["pushed_bytes"] == 0


def test_another_repository_gets_the_same_images_without_an_engine(app: Published, without_docker: str) -> None:
    """Requirement: "promotion without rebuilding": on a machine without docker."""
    assert shutil.which("docker", path=without_docker) is None
    said = app.publish("--reuse", f"{app.registry}/{REPOSITORY}", path=without_docker, repository="promoted-functions")
    assert {layer["source"] for image in said["images"] for layer in image["layers"]} == {"mounted"}
    for tag in assets(app.directory / "cdk.out"):
        assert manifest(app.registry, "promoted-functions", tag) == manifest(app.registry, REPOSITORY, tag)


def test_an_edited_handler_needs_no_engine(app: Published, without_docker: str, tmp_path: Path) -> None:
    """Its byte-code is made by the base's own Python, whose version the lock tells."""
    project = tmp_path / "project"
    shutil.copytree(ROOT, project, ignore=shutil.ignore_patterns(".git", ".venv*", "cdk.out", "node_modules", "tests"))
    handler = project / "functions" / "audit" / "app.py"
    handler.write_text(handler.read_text() + "\nEDITED = True\n")
    synth(app.registry, app.directory / "optimizer.lock", tmp_path / "cdk.out", project)
    said = published(app.registry, tmp_path, "--no-engine", path=without_docker, repository=REPOSITORY)
    (image,) = (image for image in said["images"] if image["state"] == "pushed")
    made = [layer["stage"] for layer in image["layers"] if layer["source"] == "made"]
    assert (image["name"], made) == ("Operations/Audit", ["code"])
    (source,) = (source for tag, source in assets(tmp_path / "cdk.out").items() if image["reference"].endswith(tag))
    subprocess.run(["docker", "pull", "--quiet", image["reference"]], capture_output=True, check=True, timeout=PATIENCE_S)
    alone = built_alone(tmp_path / "cdk.out" / source["directory"], source["platform"])
    assert inspected(image["reference"])[0] == inspected(alone)[0]


def test_a_base_is_asked_for_its_python_where_the_lock_lacks_it(app: Published, without_docker: str, tmp_path: Path) -> None:
    """One question to a container of the base, and the code of all functions is compiled on this machine."""
    lock = (app.directory / "optimizer.lock").read_text(encoding="utf-8")
    (tmp_path / "optimizer.lock").write_text(re.sub(r"\[image\.python\]\n(?:\w+ = .*\n)+", "", lock), encoding="utf-8")
    synth(app.registry, tmp_path / "optimizer.lock", tmp_path / "cdk.out")
    argv = [sys.executable, "-m", "optimizer", "publish", "cdk.out", "--repository", f"{app.registry}/told-functions", "--format", "json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": os.pathsep.join([without_docker, os.environ["PATH"]])}
    done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    (asked,) = [line for line in done.stderr.splitlines() if line.startswith("asked ")]
    assert asked.endswith(": 3.13.5")
    assert "its byte-code is that of the exact Python" not in done.stderr
    told, known = ({image["name"]: image["reference"] for image in said["images"]} for said in (json.loads(done.stdout), app.said))
    assert told.keys() == known.keys()
    for name in told:
        assert blobs(told[name]) == blobs(known[name])


def blobs(reference: str) -> list[str]:
    """The digests of the layers of an image in a registry."""
    registry, _, name = reference.partition("/")
    repository, _, tag = name.rpartition(":")
    return [layer["digest"] for layer in manifest(registry, repository, tag)["layers"]]


def test_both_ways_to_an_image_are_compared(app: Published, without_docker: str) -> None:
    """Requirement: "`verify` compares the two back ends as well as two machines"."""
    argv = [sys.executable, "-m", "optimizer", "verify", "cdk.out", "--assembled", "--function", "Storefront/Catalog"]
    path = os.pathsep.join([without_docker, os.environ["PATH"]])
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": path}
    for options in ([], ["--reuse", f"{app.registry}/{REPOSITORY}"]):
        done = subprocess.run(
            [*argv, *options], cwd=app.directory, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith("1 image built and assembled, all layers equal\n")
