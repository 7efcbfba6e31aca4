"""Images of customer-managed runtimes and of MicroVMs, in the hands of an engine, its classic builder, and a registry."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.engine.cdk_app import ROOT, CdkApp
from tests.engine.services import manifest
from tests.patience import PATIENCE_S

STEPS = """
[[steps]]
kind = "extension"
source = "extensions/telemetry"

[[steps]]
kind = "files"
source = "certificates"
to = "/opt/certificates/"
"""
COMMAND = """
[[steps]]
kind = "command"
run = [["sh", "-c", "mkdir -p /layer/tree/opt/made && echo made > /layer/tree/opt/made/file"]]
"""
APP = """
import aws_cdk as cdk
from optimizer import ImageSpec
from optimizer.cdk import CustomerManagedRuntime, SharedRepositorySynthesizer

app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="runtime-images"), outdir="cdk.out")
stack = cdk.Stack(app, "Platform")
CustomerManagedRuntime(stack, "House", runtime_name="house-node", spec=ImageSpec.load("house.image.toml"))
app.synth()
"""


class Project:
    """A project, whose commands run in its directory; the images that it makes are gone afterwards."""

    def __init__(self, directory: Path, registry: str) -> None:
        self.directory, self.registry = directory, registry
        self.images: list[str] = []

    def run(self, *argv: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
        result = subprocess.run(argv, cwd=self.directory, env=variables, capture_output=True, text=True, timeout=600, check=False)
        assert result.returncode == code, result.stdout + result.stderr
        return result

    def optimizer(self, *words: str) -> str:
        return self.run(sys.executable, "-m", "optimizer", *words).stdout.strip()

    def built(self, context: Path, *options: str, **environment: str) -> dict[str, Any]:
        """The image that docker builds of a context."""
        name = f"runtime-images-{uuid.uuid4().hex}"
        self.images.append(name)
        self.run("docker", "build", "--quiet", "--tag", name, *options, str(context), **environment)
        return dict(json.loads(self.run("docker", "image", "inspect", name).stdout)[0])


@pytest.fixture
def project(tmp_path: Path, registry: str) -> Iterator[Project]:
    for path, text in {
        "extensions/telemetry": "#!/bin/sh\n",
        "certificates/root.pem": "certificate\n",
        "house.image.toml": f'runtime = "nodejs22.x"\n{STEPS}',
        "function.image.toml": f'runtime = "nodejs22.x"\narchitecture = "x86_64"\n{STEPS}',
        "classic.image.toml": f'runtime = "nodejs22.x"\narchitecture = "x86_64"\n{STEPS}{COMMAND}',
        "vm.image.toml": f'runtime = "provided.al2023"\narchitecture = "arm64"\n{STEPS}',
        "optimizer.toml": f'mirror = "{registry}"\n',
        "app.py": APP,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    made = Project(tmp_path, registry)
    made.optimizer("pin", *(f"{name}.image.toml" for name in ("house", "function", "classic", "vm")))
    yield made
    subprocess.run(["docker", "image", "rm", "--force", *made.images], capture_output=True, timeout=PATIENCE_S, check=False)


def fetched(registry: str, reference: str) -> dict[str, Any]:
    command = ["skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{registry}/runtime-images{reference}"]
    return dict(json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout))


def test_the_index_in_a_registry_has_the_layers_of_a_function(project: Project) -> None:
    """Requirement: "index of two architectures pushed to the loopback registry, every layer equal to those of a function image with the same steps"."""
    project.run(sys.executable, "app.py")
    repository = f"{project.registry}/runtime-images"
    report = json.loads(project.optimizer("publish", "cdk.out", "--repository", repository, "--no-engine", "--format", "json"))
    index = fetched(project.registry, f":{report['images'][-1]['reference'].rpartition(':')[2]}")
    assert {item["platform"]["architecture"] for item in index["manifests"]} == {"amd64", "arm64"}
    (entry,) = [item for item in index["manifests"] if item["platform"]["architecture"] == "amd64"]
    manifest = fetched(project.registry, f"@{entry['digest']}")
    config = subprocess.run(
        ["skopeo", "inspect", "--config", "--raw", "--tls-verify=false", f"docker://{repository}@{entry['digest']}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    ).stdout
    function = project.built(Path(project.optimizer("render", "function.image.toml", "--output", "contexts")))
    assert json.loads(config)["rootfs"]["diff_ids"] == function["RootFS"]["Layers"]
    assert len(manifest["layers"]) == len(function["RootFS"]["Layers"])


DEPLOYED = """
import aws_cdk as cdk
from optimizer import Files, ImageSpec
from optimizer.cdk import CustomerManagedRuntime, SharedAssetRepository, SharedRepositorySynthesizer

app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="deployed-runtimes"))
SharedAssetRepository(cdk.Stack(app, "RuntimeRepository"), "Images", repository_name="deployed-runtimes")
spec = ImageSpec(runtime="nodejs22.x", steps=[Files("certificates", to="/opt/certificates/")])
CustomerManagedRuntime(cdk.Stack(app, "Runtimes"), "House", runtime_name="house-node", spec=spec)
app.synth()
"""


def test_cdk_deploys_the_index_by_the_program_in_dockers_place(
    registry: str, control_plane: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Requirement: "`optimizer-docker` (which answers CDK's build/tag/push calls and can assemble an index)".

    The control plane passes over the three resources, which it does not know.
    """
    directory = tmp_path_factory.mktemp("deployed")
    app = CdkApp.write(directory / "app", DEPLOYED, registry, control_plane)
    (app.project / "certificates").mkdir()
    (app.project / "certificates/root.pem").write_text("certificate\n", encoding="utf-8")
    app.prepare("nodejs22.x")
    program = f"{sys.executable} -m optimizer.docker_program"
    app = replace(app, environment={**app.environment, "OPTIMIZER_TEST_DOCKER": program, "XDG_CACHE_HOME": str(directory / "cache")})
    result = app.deploy()
    assert result.returncode == 0, result.stdout + result.stderr
    (image,) = app.pushed()
    index = manifest(registry, "deployed-runtimes", image.rpartition(":")[2])
    assert [item["platform"]["architecture"] for item in index["manifests"]] == ["amd64", "arm64"]


def test_docker_alone_builds_no_index_and_says_what_does(project: Project) -> None:
    """Requirement: "with real docker, one architecture only, say so or refuse with a clear message"."""
    project.run(sys.executable, "app.py")
    (directory,) = [path.parent for path in project.directory.glob("cdk.out/asset.*/optimizer-index.json")]
    result = project.run("docker", "build", str(directory), code=1, BUILDKIT_PROGRESS="plain")
    assert "Run `optimizer publish` on the assembly before cdk deploy, or deploy with CDK_DOCKER=optimizer-docker." in result.stderr


def test_the_archive_of_a_microvm_is_built_by_the_classic_builder(project: Project) -> None:
    """Requirement: "unzip, docker build it with the classic builder on the engine"."""
    start = '["/opt/extensions/telemetry"]'
    path = project.directory / project.optimizer("render", "vm.image.toml", "--for", "microvm", "--entrypoint", start, "--output", "dist")
    context = project.directory / "unzipped"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(context)
    # The classic builder takes an image of one platform at most for each digest, and keeps it.
    project.images += re.findall(r"^FROM (\S+@\S+)", (context / "Dockerfile").read_text(), re.MULTILINE)
    image = project.built(context, "--platform", "linux/arm64", DOCKER_BUILDKIT="0")
    assert image["Architecture"] == "arm64"
    assert image["Config"]["Entrypoint"] == json.loads(start)
    function = project.built(Path(project.optimizer("render", "vm.image.toml", "--output", "contexts")), "--platform", "linux/arm64")
    assert len(image["RootFS"]["Layers"]) == len(function["RootFS"]["Layers"])


def test_stages_that_run_commands_are_built_by_it_too(project: Project) -> None:
    """The profile of MicroVMs, for the platform of this machine."""
    context = Path(project.optimizer("render", "classic.image.toml", "--profile", "classic", "--output", "contexts"))
    image = project.built(context, "--platform", "linux/amd64", DOCKER_BUILDKIT="0")
    # This builder keeps its stages without a name, by which they could be removed.
    project.built(context, "--platform", "linux/amd64", "--target", "command", DOCKER_BUILDKIT="0")
    made = project.run("docker", "run", "--rm", "--entrypoint", "/bin/cat", image["Id"], "/opt/made/file", "/opt/certificates/root.pem")
    assert made.stdout == "made\ncertificate\n"
