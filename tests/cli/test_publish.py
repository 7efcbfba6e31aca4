"""``optimizer publish`` on synthesized apps, against a registry of this process."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterator
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from click.testing import CliRunner, Result

from optimizer import ImageSpec, SourceCode, SystemPackages
from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import Lock, LockedImage
from optimizer.cdk import OptimizedFunction, SharedRepositorySynthesizer
from optimizer.cli import publish
from optimizer.errors import ConfigurationError, ContextError
from tests.adapters.push_server import PushServer, serving_pushes
from tests.publishing.fleet import Fleet

RUNTIME = "nodejs22.x"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[PushServer]:
    with serving_pushes() as served:
        Fleet(served, tmp_path).add_base()
        yield served


@pytest.fixture(autouse=True)
def project(tmp_path: Path, registry: PushServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    digest = registry.digest_of("lambda/nodejs:22")
    pinned = LockedImage(reference=base_image(RUNTIME).reference, digest=digest, resolved=datetime.date(2026, 11, 1))
    for path, text in {
        "functions/api/index.js": "exports.handler = async () => 1;\n",
        "functions/other/index.js": "exports.handler = async () => 2;\n",
        "optimizer.lock": Lock().with_images([pinned]).render(),
        "own/Dockerfile": "FROM scratch\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def app(registry: PushServer, *names: str) -> cdk.Stack:
    context = {"aws:cdk:enable-path-metadata": True, "optimizer:mirror": registry.host}
    synthesizer = SharedRepositorySynthesizer(repository_name="images")
    made = cdk.App(outdir=os.path.abspath("cdk.out"), default_stack_synthesizer=synthesizer, context=context)
    stack = cdk.Stack(made, "Shop")
    for name in names:
        spec = ImageSpec(runtime=RUNTIME, steps=[SourceCode(f"functions/{name}")])
        OptimizedFunction(stack, name.title(), spec=spec, handler="index.handler")
    return stack


def synth(stack: cdk.Stack) -> None:
    root = stack.node.root
    assert isinstance(root, cdk.App)
    root.synth()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(publish.command, ["cdk.out", *arguments], catch_exceptions=False)


def test_every_image_gets_the_tag_that_cdk_looks_for(registry: PushServer, project: Path) -> None:
    synth(app(registry, "api", "other"))
    result = run("--repository", f"{registry.host}/images", "--no-engine")
    assert result.exit_code == 0
    tags = set(json.loads((project / "cdk.out" / "Shop.assets.json").read_text())["dockerImages"])
    assert tags <= registry.tags("images")
    assert result.stdout.splitlines()[0].split() == ["image", "state", "layers", "sent"]
    assert result.stdout.splitlines()[-1].startswith("2 of 2 images pushed, ")


def test_the_report_for_programs(registry: PushServer) -> None:
    synth(app(registry, "api"))
    result = run("--repository", f"{registry.host}/images", "--format", "json")
    said = json.loads(result.stdout)
    (image,) = said["images"]
    (layer,) = image["layers"]
    assert (image["name"], image["state"], said["left"]) == ("Shop/Api", "pushed", [])
    assert image["digest"].startswith("sha256:")
    assert (layer["source"], layer["pushed"]) == ("made", said["pushed_bytes"])
    again = json.loads(run("--repository", f"{registry.host}/images", "--format", "json").stdout)
    assert (again["images"][0]["state"], again["pushed_bytes"]) == ("present", 0)


def test_images_that_only_a_build_makes_are_left_and_named(registry: PushServer) -> None:
    stack = app(registry, "api")
    lambda_.DockerImageFunction(stack, "Own", code=lambda_.DockerImageCode.from_image_asset(os.path.abspath("own")))
    spec = ImageSpec(runtime=RUNTIME, steps=[SystemPackages(["jq"]), SourceCode("functions/other")])
    OptimizedFunction(stack, "System", spec=spec, handler="index.handler")
    synth(stack)
    result = run("--repository", f"{registry.host}/images")
    lines = result.stdout.splitlines()
    assert "left to cdk deploy: Shop/Own: its Dockerfile was written by hand, or CDK builds it with options of its own" in lines
    assert "left to cdk deploy: Shop/System: system packages change its base, which only a build can do" in lines
    assert lines[-1].startswith("1 of 1 images pushed, ")


def test_a_generated_dockerfile_that_was_changed_is_left(registry: PushServer, project: Path) -> None:
    synth(app(registry, "api"))
    (dockerfile,) = project.glob("cdk.out/asset.*/Dockerfile")
    dockerfile.write_text(dockerfile.read_text() + "# mine\n")
    (line, last) = run("--repository", f"{registry.host}/images").stdout.splitlines()
    assert line == ("left to cdk deploy: Shop/Api: its generated Dockerfile was changed after it was synthesized; run cdk synth again")
    assert last.startswith("0 of 0 images pushed")


def test_fails_for_repositories_that_only_a_deployment_knows(registry: PushServer) -> None:
    synth(app(registry, "api"))
    with pytest.raises(ConfigurationError, match='account and region of "Shop/Api" are known only at deployment'):
        run()


@pytest.mark.parametrize("option", ["--repository", "--reuse"])
def test_fails_for_what_is_no_repository(registry: PushServer, option: str) -> None:
    synth(app(registry, "api"))
    with pytest.raises(ConfigurationError) as raised:
        run("--repository", f"{registry.host}/images", option, "images:latest")
    assert raised.value.faults[0].place == option


def test_fails_for_an_app_without_images(registry: PushServer) -> None:
    synth(app(registry))
    with pytest.raises(ContextError, match='the app in "cdk.out" has no image'):
        run()


def test_fails_for_a_file(project: Path) -> None:
    """It said that "README.md/manifest.json" is not a directory."""
    (project / "README.md").write_text("")
    with pytest.raises(ContextError) as raised:
        CliRunner().invoke(publish.command, ["README.md"], catch_exceptions=False)
    assert raised.value.faults[0].message == '"README.md" is a file, and no output directory of cdk synth'


def test_fails_where_nothing_was_synthesized() -> None:
    with pytest.raises(ContextError, match="is a CDK app that is not synthesized"):
        run()
