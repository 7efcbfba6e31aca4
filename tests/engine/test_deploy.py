"""The main job, whole: pin, bootstrap, deploy, invoke, deploy again, destroy, with every part real but AWS itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.engine.example import REPOSITORY, ROOT, inspected, pin, synth
from tests.engine.services import invoke, invoke_restored
from tests.patience import PATIENCE_S

INVOCATIONS: dict[str, Any] = json.loads((Path(__file__).parent / "invocations.json").read_text(encoding="utf-8"))
ACCOUNT = "123456789012"
TIMEOUT_S = 900


@dataclass
class Deployment:
    """A deployed example app."""

    registry: str
    environment: dict[str, str]
    output: Path
    log: Path
    lock: Path

    def cdk(self, *arguments: str) -> str:
        context = ["--context", f"optimizer:mirror={self.registry}", "--context", f"optimizer:lock={self.lock}"]
        argv = ["cdk", *arguments, "--output", str(self.output), "--no-notices", "--ci", *context]
        result = subprocess.run(argv, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        assert result.returncode == 0, f"{' '.join(argv)}\n{result.stdout}\n{result.stderr}"
        return result.stdout + result.stderr

    def docker_calls(self, *verbs: str) -> list[list[str]]:
        """The calls of docker so far, those of the verbs."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        return [call["argv"] for call in map(json.loads, lines) if call["argv"][0] in verbs]

    def client(self, service: str) -> Any:
        keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        credentials = dict(zip(("aws_access_key_id", "aws_secret_access_key"), map(self.environment.get, keys)))
        return boto3.client(
            service, region_name=self.environment["AWS_REGION"], endpoint_url=self.environment["AWS_ENDPOINT_URL"], **credentials
        )

    def functions(self) -> dict[str, dict[str, Any]]:
        """The functions of the control plane by construct path, such as ``Storefront/Catalog``."""
        found = {}
        for function in self.client("lambda").list_functions()["Functions"]:
            path = next((path for path in INVOCATIONS if function["FunctionName"].startswith(path.replace("/", "-"))), None)
            if path is not None:
                found[path] = self.client("lambda").get_function(FunctionName=function["FunctionName"])
        return found


@pytest.fixture(scope="module")
def deployment(registry: str, control_plane: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    directory = tmp_path_factory.mktemp("deploy")
    log = directory / "docker.jsonl"
    environment = {
        **os.environ,
        **control_plane,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "CDK_DOCKER": str(Path(__file__).parent / "docker_shim"),
        "CDK_DISABLE_CLI_TELEMETRY": "1",
        "OPTIMIZER_TEST_REGISTRY": registry,
        "OPTIMIZER_TEST_DOCKER_LOG": str(log),
    }
    made = Deployment(registry=registry, environment=environment, output=directory / "cdk.out", log=log, lock=directory / "e2e.lock")
    pin(registry, made.lock)
    made.cdk("bootstrap", f"aws://{ACCOUNT}/{control_plane['AWS_REGION']}")
    synth(registry, made.lock, directory / "before")
    _forget_images(directory / "before")
    made.cdk("deploy", "--all", "--require-approval", "never")
    yield made
    _forget_images(directory / "before")


def _forget_images(assembly: Path) -> None:
    """Remove what earlier builds of an assembly's images left in the engine, which CDK would take in place of a build."""
    assets = [asset for path in assembly.glob("*.assets.json") for asset in json.loads(path.read_text(encoding="utf-8"))["dockerImages"]]
    subprocess.run(
        ["docker", "rmi", "--force", *(f"cdkasset-{asset}" for asset in assets)], capture_output=True, check=False, timeout=PATIENCE_S
    )


def test_every_image_is_built_and_pushed_once_to_the_shared_repository(deployment: Deployment) -> None:
    images = {function["Code"]["ImageUri"] for function in deployment.functions().values()}
    builds, pushes = deployment.docker_calls("build"), deployment.docker_calls("push")
    assert len(builds) == len(pushes) == len(images) == len(INVOCATIONS)
    prefix = f"{ACCOUNT}.dkr.ecr.{deployment.environment['AWS_REGION']}.amazonaws.com/{REPOSITORY}:"
    assert {push[-1] for push in pushes} == images
    assert all(image.startswith(prefix) for image in images)
    with urllib.request.urlopen(f"http://{deployment.registry}/v2/{REPOSITORY}/tags/list", timeout=PATIENCE_S) as answer:
        assert {prefix + tag for tag in json.load(answer)["tags"]} == images


def test_every_function_is_created_with_its_handler(deployment: Deployment) -> None:
    assert set(deployment.functions()) == set(INVOCATIONS)
    # The control plane's Lambda forgets the package type and the image configuration; its CloudFormation keeps what it was given.
    cloudformation = deployment.client("cloudformation")
    for stack in {path.partition("/")[0] for path in INVOCATIONS}:
        body = cloudformation.get_template(StackName=stack)["TemplateBody"]
        template = json.loads(body) if isinstance(body, str) else body
        functions = [item["Properties"] for item in template["Resources"].values() if item["Type"] == "AWS::Lambda::Function"]
        assert all(properties["PackageType"] == "Image" for properties in functions)
        handlers = sorted(properties["ImageConfig"]["Command"][0] for properties in functions)
        assert handlers == sorted(invocation["handler"] for path, invocation in INVOCATIONS.items() if path.startswith(f"{stack}/"))


@pytest.mark.parametrize("path", INVOCATIONS)
def test_answers(path: str, deployment: Deployment) -> None:
    function = deployment.functions()[path]
    host, _, rest = function["Code"]["ImageUri"].partition("/")
    assert host.endswith(".amazonaws.com")
    invocation = INVOCATIONS[path]
    answer = invoke(
        f"{deployment.registry}/{rest}",
        invocation["handler"],
        invocation["event"],
        function["Configuration"].get("Environment", {}).get("Variables"),
        extension="telemetry" if path == "Operations/Audit" else None,
    )
    if isinstance(answer.get("body"), str):
        answer["body"] = json.loads(answer["body"])
    assert _subset(invocation["answer"], answer) == invocation["answer"]


def test_receipts_are_published_with_snapstart(deployment: Deployment) -> None:
    """Requirement: "one SnapStart function (Node.js with hooks) deployed to the loopback control plane: label in the image, version and
    alias in the template". The label is that of hooks: Lambda's own says that there are none."""
    body = deployment.client("cloudformation").get_template(StackName="Operations")["TemplateBody"]
    template = (json.loads(body) if isinstance(body, str) else body)["Resources"].values()
    (published,) = (
        item["Properties"] for item in template if item["Type"] == "AWS::Lambda::Function" and "SnapStart" in item["Properties"]
    )
    assert published["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    (alias,) = (item["Properties"] for item in template if item["Type"] == "AWS::Lambda::Alias")
    (version,) = (item["Properties"] for item in template if item["Type"] == "AWS::Lambda::Version")
    assert (alias["Name"], alias["FunctionName"]) == ("live", version["FunctionName"])
    path = "Operations/Receipts"
    _, _, rest = deployment.functions()[path]["Code"]["ImageUri"].partition("/")
    image = f"{deployment.registry}/{rest}"
    labels = inspected(image)[1]["Labels"]
    assert labels["lambda-image-optimizer.snapstart"] == "hooks"
    assert "com.amazonaws.lambda.feature.snapstart" not in labels
    answer, calls = invoke_restored(image, INVOCATIONS[path]["handler"], INVOCATIONS[path]["event"])
    assert _subset(INVOCATIONS[path]["answer"], answer) == INVOCATIONS[path]["answer"]
    assert calls[:2] == ["GET restore/next", "GET invocation/next"]


def _subset(expected: Any, given: Any) -> Any:
    """The part of what was given that the expected answer speaks of."""
    if isinstance(expected, dict) and isinstance(given, dict):
        return {key: _subset(value, given.get(key)) for key, value in expected.items()}
    if isinstance(expected, list) and isinstance(given, list) and len(expected) == len(given):
        return [_subset(one, other) for one, other in zip(expected, given)]
    return given


def test_functions_with_equal_dependencies_share_their_layers(deployment: Deployment) -> None:
    """The two APIs differ in their own code alone, so all layers but the last are the same blobs."""
    functions = deployment.functions()
    catalog, orders = (_layers(deployment, functions[f"Storefront/{name}"]) for name in ("Catalog", "Orders"))
    assert catalog[:-1] == orders[:-1]
    assert catalog[-1] != orders[-1]


def _layers(deployment: Deployment, function: dict[str, Any]) -> list[str]:
    tag = function["Code"]["ImageUri"].rpartition(":")[2]
    request = urllib.request.Request(f"http://{deployment.registry}/v2/{REPOSITORY}/manifests/{tag}")
    request.add_header("Accept", "application/vnd.docker.distribution.manifest.v2+json")
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return [layer["digest"] for layer in json.load(answer)["layers"]]


def test_a_second_deployment_builds_and_pushes_nothing(deployment: Deployment) -> None:
    before = len(deployment.docker_calls("build", "push"))
    # A fresh assembly, as on another machine, must come to the same asset hashes.
    shutil.rmtree(deployment.output)
    deployment.cdk("deploy", "--all", "--require-approval", "never")
    assert len(deployment.docker_calls("build", "push")) == before


def test_destroy_cleans_up(deployment: Deployment) -> None:
    deployment.cdk("destroy", "--all", "--force")
    assert deployment.functions() == {}
