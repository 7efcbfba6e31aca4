"""SAM CLI itself builds, runs, packages and deploys what ``optimizer sam`` generated."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

from optimizer.sam.document import Document, parse_document
from tests.engine.example import inspected
from tests.engine.sam_cli import SamCli, deploying
from tests.engine.sam_project import EVENT, SamProject
from tests.engine.services import invoke, manifest
from tests.patience import PATIENCE_S

MODES = ("buildkit", "classic")
BUILT = Path(".aws-sam/build/template.yaml")


@pytest.fixture(scope="module")
def projects(registry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, SamProject]]:
    """A project for each builder, generated and built."""
    made = {}
    for mode in MODES:
        project = SamProject.write(tmp_path_factory.mktemp(mode), registry, f"{mode.title()}{uuid.uuid4().hex[:8]}")
        options = ("--profile", mode, "--mirror", registry, "--image-repository", f"{registry}/sam-{mode}")
        project.optimizer("sam", "template.yaml", "--write", *options)
        made[mode] = project
    yield made
    tags = [f"{name.lower()}:{tag}" for project in made.values() for name in project.names() for tag in ("latest", "rapid-x86_64")]
    subprocess.run(["docker", "image", "rm", "--force", *tags], capture_output=True, check=False, timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def built(projects: Mapping[str, SamProject]) -> Mapping[str, SamProject]:
    for project in projects.values():
        SamCli(project.directory, {}).succeed("build")
    return projects


def images(template: Path) -> dict[str, str]:
    """The image of each function of a template."""
    document = parse_document(template.read_text(encoding="utf-8"))
    assert isinstance(document, Document)
    return {name: resource["Properties"]["ImageUri"] for name, resource in document.data["Resources"].items()}


@pytest.mark.parametrize("mode", MODES)
def test_equal_specs_are_built_once_and_every_function_answers(mode: str, built: Mapping[str, SamProject]) -> None:
    """Requirement: "for a template with four functions (two sharing an image) `sam build` in both modes, `sam local invoke` with the right answer"."""
    project = built[mode]
    found = images(project.directory / BUILT)
    assert found[f"Create{project.suffix}"] == found[f"Cancel{project.suffix}"]
    assert len(set(found.values())) == 3
    for name, (_, _, answer) in project.names().items():
        said = SamCli(project.directory, {}).succeed("local", "invoke", name, "--event", "event.json")
        assert json.loads(said.strip().splitlines()[-1]) == answer


def test_both_builders_make_the_same_layers(built: Mapping[str, SamProject]) -> None:
    """Requirement: "Both profiles: plain `sam build` (classic builder) and `sam build --use-buildkit`"."""
    layers = [
        {name.removesuffix(project.suffix): inspected(image)[0] for name, image in images(project.directory / BUILT).items()}
        for project in (built[mode] for mode in MODES)
    ]
    assert layers[0] == layers[1]


def test_images_go_to_one_repository_where_they_share_layers(
    built: Mapping[str, SamProject], registry: str, control_plane: dict[str, str]
) -> None:
    """Requirement: "`sam package` and `sam deploy` to the loopback control plane and registry: one repository, layers shared"."""
    project = built["buildkit"]
    with deploying(control_plane, registry) as environment:
        sam = SamCli(project.directory, environment)
        sam.succeed("package", "--output-template-file", "packaged.yaml")
        packaged = images(project.directory / "packaged.yaml")
        deploy(sam, "packaged.yaml", f"sam-{project.suffix}")
    assert {image.rpartition(":")[0] for image in packaged.values()} == {f"{registry}/sam-buildkit"}
    assert len(set(packaged.values())) == 3
    assert deployed(control_plane, project) == packaged
    layers = {name.removesuffix(project.suffix): blobs(image) for name, image in packaged.items()}
    assert layers["Create"] == layers["Cancel"]
    assert layers["Create"][:-1] == layers["Report"][:-1], "all but the code"
    assert layers["Create"][-1] != layers["Report"][-1]
    assert layers["Plain"][:-1] == layers["Create"][:-2], "the base"


def test_published_images_are_deployed_without_docker(
    built: Mapping[str, SamProject], registry: str, control_plane: dict[str, str], tmp_path: Path
) -> None:
    """Requirement: "`optimizer publish template.yaml` (…) so that `sam deploy` needs no Docker"."""
    project = SamProject.write(tmp_path, registry, f"Published{uuid.uuid4().hex[:8]}")
    options = ("--repository", f"{registry}/sam-published", "--mirror", registry, "--format", "json")
    said = json.loads(project.optimizer("publish", "template.yaml", *options))
    assert [image["state"] for image in said["images"]] == ["pushed"] * 3
    packaged = images(tmp_path / "template.packaged.yaml")
    nowhere = {"DOCKER_HOST": f"unix://{tmp_path}/no.sock"}
    with deploying(control_plane, registry) as environment:
        sam = SamCli(tmp_path, {**environment, **nowhere})
        invoking = SamCli(built["buildkit"].directory, nowhere).run("local", "invoke", f"Plain{built['buildkit'].suffix}")
        assert "container runtime" in invoking.stderr, "there is one"
        deploy(
            sam, "template.packaged.yaml", f"sam-{project.suffix}", "--image-repository", f"{registry}/sam-published", path=str(tmp_path)
        )
    assert deployed(control_plane, project) == packaged
    for name, (_, handler, answer) in project.names().items():
        assert invoke(packaged[name], handler, EVENT) == answer
    own = {name.removesuffix(project.suffix): inspected(image)[0] for name, image in packaged.items()}
    by_sam = built["buildkit"]
    assert own == {name.removesuffix(by_sam.suffix): inspected(image)[0] for name, image in images(by_sam.directory / BUILT).items()}


def deploy(sam: SamCli, template: str, stack: str, *options: str, path: str | None = None) -> None:
    own = ("--stack-name", stack, "--capabilities", "CAPABILITY_IAM", "--no-progressbar")
    sam.succeed("deploy", "--template-file", template, *own, *options, path=path)


def deployed(control_plane: Mapping[str, str], project: SamProject) -> dict[str, Any]:
    """The images of the project's functions in the control plane, by their names in the template."""
    client = boto3.client(
        "lambda",
        region_name=control_plane["AWS_REGION"],
        endpoint_url=control_plane["AWS_ENDPOINT_URL"],
        aws_access_key_id=control_plane["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=control_plane["AWS_SECRET_ACCESS_KEY"],
    )
    names = [function["FunctionName"] for function in client.list_functions()["Functions"]]
    return {
        own: client.get_function(FunctionName=name)["Code"]["ImageUri"]
        for name in names
        for own in project.names()
        if f"-{own}-" in f"-{name}-"
    }


def blobs(image: str) -> list[str]:
    """The digests of the layers of an image in a registry."""
    registry, _, name = image.partition("/")
    repository, _, tag = name.rpartition(":")
    return [layer["digest"] for layer in manifest(registry, repository, tag)["layers"]]
