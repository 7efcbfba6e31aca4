"""``optimizer publish`` on SAM templates, against a registry of this process."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from optimizer.cli.main import optimizer
from optimizer.errors import OptimizerError
from optimizer.sam.document import Document, parse_document
from tests.adapters.push_server import PushServer
from tests.images.archives import OCI_INDEX
from tests.publishing.cli_project import FUNCTIONS, RUNTIME, serving_base, write_project

FUNCTION = """\
  {name}:
    Type: AWS::Serverless::Function
    Properties:
      PackageType: Image
      ImageConfig: {{Command: [index.handler]}}
    Metadata:
      ImageSpec: {spec}
"""
HEAD = "Transform: AWS::Serverless-2016-10-31\n# our fleet\nResources:\n"
TWO = HEAD + FUNCTION.format(name="Api", spec="api.image.toml") + FUNCTION.format(name="Worker", spec="api.image.toml")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[PushServer]:
    with serving_base(tmp_path) as served:
        yield served


@pytest.fixture(autouse=True)
def project(tmp_path: Path, registry: PushServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        **FUNCTIONS,
        "api.image.toml": spec("api"),
        "other.image.toml": spec("other"),
        "template.yaml": TWO,
    }
    write_project(tmp_path, registry, files)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spec(name: str) -> str:
    return f'runtime = "{RUNTIME}"\narchitecture = "x86_64"\nsteps = [{{ kind = "source-code", source = "functions/{name}" }}]\n'


def run(registry: PushServer, *arguments: str, target: str = "template.yaml", code: int = 0) -> Result:
    argv = ["publish", target, "--mirror", registry.host, "--no-engine", *arguments]
    result = CliRunner().invoke(optimizer, argv, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


def refused(registry: PushServer, *arguments: str) -> str:
    """The faults of a publication."""
    with pytest.raises(OptimizerError) as raised:
        run(registry, *arguments)
    return str(raised.value)


def resources(path: str) -> dict[str, Any]:
    document = parse_document(Path(path).read_text())
    assert isinstance(document, Document)
    return dict(document.data["Resources"])


def properties(path: str, name: str) -> dict[str, Any]:
    return dict(resources(path)[name]["Properties"])


def test_the_packaged_template_names_what_was_pushed(registry: PushServer) -> None:
    """Requirement: "pushes, and writes a packaged template whose `ImageUri`s name what was pushed, as `sam package` does"."""
    said = json.loads(run(registry, "--repository", f"{registry.host}/shop", "--format", "json").stdout)
    (image,) = said["images"]
    assert (image["state"], said["templates"], said["left"]) == ("pushed", ["template.packaged.yaml"], [])
    assert image["reference"].rpartition(":")[2] in registry.tags("shop")
    for name in ("Api", "Worker"):
        assert properties("template.packaged.yaml", name)["ImageUri"] == image["reference"]
        assert properties("template.packaged.yaml", name)["Architectures"] == ["x86_64"]
    assert "# our fleet" in Path("template.packaged.yaml").read_text()
    assert Path("template.yaml").read_text() == TWO
    again = run(registry, "--repository", f"{registry.host}/shop").stdout.splitlines()
    assert again[-1] == "wrote template.packaged.yaml"
    assert again[-2].startswith("0 of 1 images pushed, 0 B of layers, in ")


def test_samconfig_names_the_repository(registry: PushServer) -> None:
    """Requirement: "pushes the images of the template's specs to `--repository` or samconfig's image_repository"."""
    assert refused(registry) == (
        '--repository: "samconfig.toml" names no image_repository for "default"\n'
        "  hint: name one: --repository HOST/NAME, or image_repository of deploy"
    )
    Path("samconfig.toml").write_text(
        f'version = 0.1\n[default.deploy.parameters]\nimage_repository = "{registry.host}/usual"\n'
        f'[prod.global.parameters]\nimage_repository = "{registry.host}/prod"\n'
    )
    for options, name in (((), "usual"), (("--config-env", "prod"), "prod"), (("--repository", f"{registry.host}/own"), "own")):
        run(registry, *options)
        assert properties("template.packaged.yaml", "Api")["ImageUri"].startswith(f"{registry.host}/{name}:")


def test_functions_without_a_specification_are_left_and_named(registry: PushServer) -> None:
    text = TWO.replace("      ImageSpec: api.image.toml\n", "      Dockerfile: Dockerfile\n      DockerContext: functions/api\n", 1)
    elsewhere = "  Elsewhere:\n    Type: AWS::Serverless::Function\n    Properties: {PackageType: Image, ImageUri: registry.example/a:1}\n"
    zipped = "  Zip:\n    Type: AWS::Serverless::Function\n    Properties: {CodeUri: ./functions/zip, Handler: a.b, Runtime: python3.13}\n"
    Path("template.yaml").write_text(text + elsewhere + zipped)
    Path("functions/api/Dockerfile").write_text('FROM scratch\nCMD ["index.handler"]\n')
    lines = run(registry, "--repository", f"{registry.host}/shop").stdout.splitlines()
    assert "left to sam build: Api: it names no specification" in lines
    assert 'left to sam build: Elsewhere: it takes "registry.example/a:1"' in lines
    assert 'left to sam build: Zip: it runs the code in "functions/zip", and no image' in lines
    assert "ImageUri" not in properties("template.packaged.yaml", "Api")
    assert properties("template.packaged.yaml", "Elsewhere")["ImageUri"] == "registry.example/a:1"
    Path("template.yaml").write_text(HEAD + elsewhere)
    assert "template.yaml: no function names a specification" in refused(registry, "--repository", f"{registry.host}/shop")


def test_nothing_is_built_for_what_was_pushed(registry: PushServer) -> None:
    """``sam build`` builds what names a Dockerfile, whatever its ``ImageUri`` is."""
    written = TWO.replace("      ImageSpec:", "      Dockerfile: Dockerfile\n      DockerContext: .optimizer/api\n      ImageSpec:")
    Path("template.yaml").write_text(written)
    run(registry, "--repository", f"{registry.host}/shop")
    assert resources("template.packaged.yaml")["Api"]["Metadata"] == {"ImageSpec": "api.image.toml"}
    assert Path("template.yaml").read_text() == written


def test_nested_templates_are_packaged_beside_themselves(registry: PushServer) -> None:
    Path("orders").mkdir()
    Path("orders/template.yaml").write_text(HEAD + FUNCTION.format(name="Create", spec="../other.image.toml"))
    Path("plain.yaml").write_text("Resources: {Topic: {Type: AWS::SNS::Topic}}\n")
    nested = "".join(
        f"  {name}:\n    Type: AWS::Serverless::Application\n    Properties:\n      Location: {path}\n"
        for name, path in (("Orders", "./orders/template.yaml"), ("Plain", "plain.yaml"))
    )
    Path("template.yaml").write_text(TWO + nested)
    said = json.loads(run(registry, "--repository", f"{registry.host}/shop", "--format", "json").stdout)
    assert sorted(said["templates"]) == ["orders/template.packaged.yaml", "template.packaged.yaml"]
    assert properties("template.packaged.yaml", "Orders")["Location"] == "orders/template.packaged.yaml"
    assert properties("template.packaged.yaml", "Plain")["Location"] == "plain.yaml"
    uri = properties("orders/template.packaged.yaml", "Create")["ImageUri"]
    assert uri in {image["reference"] for image in said["images"]} - {properties("template.packaged.yaml", "Api")["ImageUri"]}


def test_a_nested_template_that_a_parameter_names_is_refused(registry: PushServer) -> None:
    Path("orders.yaml").write_text(HEAD + FUNCTION.format(name="Create", spec="other.image.toml"))
    nested = "  Orders:\n    Type: AWS::Serverless::Application\n    Properties:\n      Location: !Ref Where\n"
    Path("template.yaml").write_text("Parameters: {Where: {Type: String, Default: orders.yaml}}\n" + TWO + nested)
    told = refused(registry, "--repository", f"{registry.host}/shop")
    assert 'orders.yaml: no template names "orders.yaml" by its path' in told
    assert not registry.tags("shop")


def test_templates_in_json_and_functions_of_cloudformation(registry: PushServer) -> None:
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"PackageType": "Image", "Role": "arn:aws:iam::123456789012:role/r", "ImageConfig": {"Command": ["index.handler"]}},
        "Metadata": {"ImageSpec": "api.image.toml"},
    }
    Path("stack.json").write_text(json.dumps({"Resources": {"Api": function}}, indent=1))
    run(registry, "--repository", f"{registry.host}/shop", target="stack.json")
    assert json.loads(Path("stack.packaged.json").read_text())["Resources"]["Api"]["Properties"]["Code"]["ImageUri"].startswith(
        f"{registry.host}/shop:"
    )


def test_the_packaged_template_stands_beside_the_template(registry: PushServer) -> None:
    """Paths of code and of nested templates start at its directory."""
    repository = ("--repository", f"{registry.host}/shop")
    run(registry, *repository, "--output-template", "packaged.yaml")
    assert "ImageUri" in properties("packaged.yaml", "Api")
    for path, message in (
        ("functions/packaged.yaml", '"functions/packaged.yaml" is not beside "template.yaml", and paths in it start there'),
        ("template.yaml", '"template.yaml" is the template itself'),
    ):
        told = refused(registry, *repository, "--output-template", path)
        assert told == f"--output-template: {message}\n  hint: for example template.packaged.yaml"


def test_an_index_in_the_place_of_an_image_writes_no_template(registry: PushServer) -> None:
    repository = ("--repository", f"{registry.host}/shop")
    said = json.loads(run(registry, *repository, "--format", "json").stdout)
    registry.put(said["images"][0]["reference"].partition("/")[2], OCI_INDEX, b'{"schemaVersion":2,"manifests":[]}')
    Path("template.packaged.yaml").unlink()
    result = run(registry, *repository, code=1)
    assert "is an image index" in result.stderr
    assert not Path("template.packaged.yaml").exists()


def test_what_the_function_starts_has_to_be_said(registry: PushServer) -> None:
    Path("template.yaml").write_text(TWO.replace("      ImageConfig: {Command: [index.handler]}\n", "", 1))
    told = refused(registry, "--repository", f"{registry.host}/shop")
    assert "template.yaml: Api: nothing says which handler the function starts" in told
    assert not registry.tags("shop")


def test_options_of_templates_are_for_templates_and_others_are_not(registry: PushServer) -> None:
    usage = "--output-template and --config-env are for a template"
    assert usage in run(registry, "--output-template", "a.yaml", target="api.image.toml", code=2).stderr
    assert "--tag names the image of a specification" in run(registry, "--tag", "one", code=2).stderr
    assert "--runtime says what SPEC is for" in run(registry, "--runtime", code=2).stderr


def test_faults_of_all_specifications_are_told_at_once(registry: PushServer) -> None:
    shutil.rmtree("functions")
    Path("template.yaml").write_text(TWO.replace("api.image.toml", "other.image.toml", 1))
    told = refused(registry, "--repository", f"{registry.host}/shop")
    assert [fault.partition(": ")[0] for fault in told.splitlines() if "does not exist" in fault] == ["other.image.toml", "api.image.toml"]
