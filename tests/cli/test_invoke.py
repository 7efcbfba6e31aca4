"""``optimizer invoke`` before there is a container: which function is meant, with what, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from click.testing import CliRunner

from optimizer.cli import invoke
from optimizer.cli.local_functions import LocalFunction, local_function
from optimizer.errors import OptimizerError
from optimizer.model.invocation import LARGEST_EVENT
from tests.adapters.push_server import PushServer
from tests.cli.test_build import SPEC, synth
from tests.publishing.cli_project import FUNCTIONS, serving_base, write_project

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Table: {Type: String}
Globals:
  Function:
    Timeout: 20
    Environment: {Variables: {STAGE: test, LEVEL: debug}}
Resources:
  Api:
    Type: AWS::Serverless::Function
    Properties:
      PackageType: Image
      ImageConfig: {Command: [index.handler]}
      Environment: {Variables: {TABLE: !Ref Table, LEVEL: info}}
    Metadata: {ImageSpec: api.image.toml}
  Own:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image, MemorySize: 256, Architectures: [arm64]}
    Metadata: {Dockerfile: Dockerfile, DockerContext: own, DockerBuildArgs: {A: b}, DockerBuildTarget: last}
  Elsewhere:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image, ImageUri: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:1"}
"""


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[PushServer]:
    with serving_base(tmp_path) as served:
        yield served


@pytest.fixture(autouse=True)
def project(tmp_path: Path, registry: PushServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {**FUNCTIONS, "api.image.toml": SPEC, "own/Dockerfile": "FROM scratch AS last\n", "template.yaml": TEMPLATE}
    write_project(tmp_path, registry, files)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(registry: PushServer, target: str, function: str | None = None, handler: str | None = None) -> LocalFunction:
    return local_function(target, function, handler=handler, root=None, lock=None, mirror=registry.host)


def refused(registry: PushServer, *arguments: str, text: str | None = None) -> str:
    with pytest.raises(OptimizerError) as raised:
        CliRunner().invoke(invoke.command, [*arguments, "--mirror", registry.host], catch_exceptions=False, input=text)
    return str(raised.value)


class TestFunctions:
    def test_of_a_specification(self, registry: PushServer) -> None:
        api = found(registry, "api.image.toml", handler="index.handler")
        assert (api.settings.name, api.settings.command, api.settings.memory_mb) == ("api", ("index.handler",), 128)
        assert api.planned is not None
        # Functions that share an image share it here too.
        assert api.reference == found(registry, "template.yaml", "Api").reference

    def test_of_a_template(self, registry: PushServer) -> None:
        api = found(registry, "template.yaml", "Api")
        assert (api.settings.command, api.settings.timeout_s, dict(api.settings.environment)) == (
            ("index.handler",),
            20,
            {"STAGE": "test", "LEVEL": "info"},
        )
        assert api.settings.unknown == ("the variable TABLE: it is not set; give it with --env TABLE=VALUE",)
        assert api.planned is not None
        own = found(registry, "template.yaml", "Own")
        assert own.reference == "optimizer-invoke-own:latest"
        assert own.inputs is not None and own.planned is None
        assert (own.inputs.directory, own.inputs.options.arguments, own.inputs.options.target) == (Path("own"), {"A": "b"}, "last")
        assert (own.settings.architecture, own.inputs.options.platform, own.settings.memory_mb) == ("arm64", "linux/arm64", 256)
        elsewhere = found(registry, "template.yaml", "Elsewhere")
        assert (elsewhere.planned, elsewhere.inputs) == (None, None)
        assert elsewhere.reference == "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:1"

    def test_of_an_app(self, registry: PushServer, project: Path) -> None:
        synth(registry, project, "api", own=True)
        api = found(registry, "cdk.out", "Api")
        assert (api.name, api.settings.command, api.settings.timeout_s) == ("Shop/Api", ("index.handler",), 3)
        assert api.planned is not None
        own = found(registry, "cdk.out", "Shop/Own")
        assert own.inputs is not None and own.inputs.directory.parent == Path("cdk.out")

    def test_of_several_one_is_named(self, registry: PushServer) -> None:
        assert refused(registry, "template.yaml") == (
            '--function: "template.yaml" has 3 functions\n  hint: name one of them: Api, Elsewhere, Own'
        )
        assert refused(registry, "template.yaml", "--function", "Apl") == (
            '--function: no function "Apl"; "template.yaml" has Api, Elsewhere, Own\n  hint: did you mean "Api"?'
        )

    def test_a_name_that_two_have_is_not_guessed(self, registry: PushServer, project: Path) -> None:
        app = cdk.App(outdir=str(project / "cdk.out"), context={"aws:cdk:enable-path-metadata": True})
        for name in ("One", "Two"):
            code = lambda_.DockerImageCode.from_image_asset(str(project / "own"))
            lambda_.DockerImageFunction(cdk.Stack(app, name), "Api", code=code)
        app.synth()
        assert refused(registry, "cdk.out", "--function", "Api") == '--function: "Api" may be One/Api or Two/Api\n  hint: name it whole'

    def test_a_specification_has_no_handler(self, registry: PushServer) -> None:
        assert refused(registry, "api.image.toml") == (
            '--handler: "api.image.toml" says nothing of a handler: that is the function\'s own\n'
            "  hint: name it, for example --handler app.handler"
        )
        assert "--function" in refused(registry, "api.image.toml", "--function", "Api")

    def test_an_app_that_is_not_synthesized(self, registry: PushServer) -> None:
        assert "run cdk synth" in refused(registry, "cdk.out")


class TestEvents:
    @pytest.mark.parametrize(
        ("option", "said"),
        [
            ("event.json", '--event: "event.json" is no file, and no JSON: Expecting value'),
            ("{", '--event: "{" is no file, and no JSON: Expecting property name'),
            ("bad.json", "bad.json: the event is not JSON: Expecting value: line 1 column 7"),
            ("large.json", f"large.json: the event is larger than {LARGEST_EVENT} bytes"),
            ("-", "standard input: the event is not JSON"),
        ],
    )
    def test_fails_for_what_is_no_event(self, option: str, said: str, registry: PushServer, project: Path) -> None:
        (project / "bad.json").write_text('{"a": ')
        (project / "large.json").write_text(json.dumps("a" * LARGEST_EVENT))
        assert refused(registry, "template.yaml", "--function", "Api", "--event", option, text="nothing").startswith(said)

    def test_fails_for_variables_that_are_none(self, registry: PushServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("TOKEN", raising=False)
        assert refused(registry, "template.yaml", "--env", "1=2", "--env", "TOKEN") == (
            '--env: "1=2" is no NAME=VALUE\n  hint: for example --env TABLE=orders\n'
            '--env: the variable "TOKEN" is not set here\n  hint: set it, or write --env TOKEN=VALUE'
        )


def test_fails_without_an_engine(registry: PushServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert (
        refused(registry, "template.yaml", "--function", "Api")
        == "there is no docker on this machine\n  hint: install Docker, or check PATH"
    )
