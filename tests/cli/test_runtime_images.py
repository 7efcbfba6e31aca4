"""Images of customer-managed runtimes: ``optimizer publish`` and ``optimizer build``, against a registry of this process."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import botocore.session
import pytest
from botocore import xform_name
from click.testing import CliRunner, Result

from optimizer import Extension, Files, ImageSpec
from optimizer.builders.direct.files import INDEX
from optimizer.builders.direct.image import MANIFEST
from optimizer.cdk import CustomerManagedRuntime, OptimizedFunction, SharedRepositorySynthesizer
from optimizer.cli import bake, build, lint, publish
from optimizer.errors import ConfigurationError, ImageError, SpecError
from tests.adapters.push_server import PushServer, serving_pushes
from tests.adapters.registry_server import sha256
from tests.publishing.cli_project import RUNTIME, write_project
from tests.publishing.platforms import add_platform_base

PAGE = (Path(__file__).parents[2] / "docs" / "runtimes.md").read_text(encoding="utf-8")
STEPS = (Extension("extensions/telemetry"), Files("certificates", to="/opt/certificates/"))
SPEC = f'''runtime = "{RUNTIME}"

[[steps]]
kind = "extension"
source = "extensions/telemetry"

[[steps]]
kind = "files"
source = "certificates"
to = "/opt/certificates/"
'''


@pytest.fixture
def registry() -> Iterator[PushServer]:
    with serving_pushes() as served:
        add_platform_base(served)
        yield served


@pytest.fixture(autouse=True)
def project(tmp_path: Path, registry: PushServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        "extensions/telemetry": "#!/bin/sh\n",
        "certificates/root.pem": "certificate\n",
        "functions/api/index.js": "exports.handler = async () => 1;\n",
        "house.image.toml": SPEC,
        "code.image.toml": f'{SPEC}\n[[steps]]\nkind = "source-code"\nsource = "functions/api"\n',
    }
    write_project(tmp_path, registry, files)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def synth(registry: PushServer, *steps: Any, function: bool = False) -> CustomerManagedRuntime:
    context = {"optimizer:mirror": registry.host}
    app = cdk.App(
        outdir=os.path.abspath("cdk.out"),
        default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="images"),
        context=context,
    )
    stack = cdk.Stack(app, "Platform")
    made = CustomerManagedRuntime(stack, "House", runtime_name="house-node", spec=ImageSpec(runtime=RUNTIME, steps=steps or STEPS))
    if function:
        for architecture in ("x86_64", "arm64"):
            spec = ImageSpec(runtime=RUNTIME, architecture=architecture, steps=steps or STEPS)
            OptimizedFunction(stack, architecture, spec=spec, handler="index.handler")
    app.synth()
    return made


def run(command: Any, *arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments), catch_exceptions=False)


def published(registry: PushServer) -> dict[str, Any]:
    result = run(publish.command, "cdk.out", "--repository", f"{registry.host}/images", "--no-engine", "--format", "json")
    assert result.exit_code == 0
    return dict(json.loads(result.stdout))


def document(registry: PushServer, tag: str) -> dict[str, Any]:
    return dict(json.loads(registry.manifests[f"images:{tag}"][1]))


def test_both_architectures_are_pushed_under_one_index(registry: PushServer) -> None:
    """Requirement: "for both architectures under one index, pushed to the shared repository"."""
    made = synth(registry)
    report = published(registry)
    index = document(registry, made.version_name)
    assert index["mediaType"] == INDEX
    assert [entry["platform"] for entry in index["manifests"]] == [
        {"architecture": "amd64", "os": "linux"},
        {"architecture": "arm64", "os": "linux"},
    ]
    bodies = {sha256(body): body for _, body in registry.manifests.values()}
    for entry in index["manifests"]:
        manifest = json.loads(bodies[entry["digest"]])
        assert (entry["mediaType"], entry["size"]) == (MANIFEST, len(bodies[entry["digest"]]))
        config = json.loads(registry.blobs[manifest["config"]["digest"]])
        assert config["architecture"] == entry["platform"]["architecture"]
    assert {image["state"] for image in report["images"]} == {"pushed"}
    assert len(report["images"]) == 3


def test_its_layers_are_those_of_functions_with_the_same_steps(registry: PushServer) -> None:
    """Requirement: "with every layer equal to those of a function image with the same steps"."""
    made = synth(registry, function=True)
    published(registry)
    functions = {}
    for resource in json.loads(Path("cdk.out/Platform.template.json").read_text())["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            tag = resource["Properties"]["Code"]["ImageUri"]["Fn::Join"][1][-1].rpartition(":")[2]
            functions[resource["Properties"]["Architectures"][0]] = document(registry, tag)
    bodies = {sha256(body): json.loads(body) for _, body in registry.manifests.values()}
    names = {"amd64": "x86_64", "arm64": "arm64"}
    for entry in document(registry, made.version_name)["manifests"]:
        same = functions[names[entry["platform"]["architecture"]]]
        assert bodies[entry["digest"]]["layers"] == same["layers"]
        assert len(same["layers"]) == 3


def test_what_is_there_is_not_made_again(registry: PushServer) -> None:
    synth(registry)
    published(registry)
    registry.calls.clear()
    assert [image["state"] for image in published(registry)["images"]] == ["present"]
    assert registry.pushes() == []


def test_an_index_that_was_ended_is_completed(registry: PushServer) -> None:
    """The images were pushed, and their index was not: the next run makes nothing again."""
    made = synth(registry)
    published(registry)
    there = registry.manifests.pop(f"images:{made.version_name}")
    states = {image["reference"].rpartition(":")[2]: image["state"] for image in published(registry)["images"]}
    assert states.pop(made.version_name) == "pushed"
    assert set(states.values()) == {"present"}
    assert registry.manifests[f"images:{made.version_name}"] == there


def test_images_whose_dockerfiles_were_changed_are_all_named(registry: PushServer) -> None:
    """What is not as it was made is not pushed under the name of what was."""
    synth(registry)
    for dockerfile in Path("cdk.out").glob("asset.*/Dockerfile"):
        dockerfile.write_text(dockerfile.read_text() + "# mine\n")
    with pytest.raises(ImageError) as raised:
        published(registry)
    assert [(fault.message.partition(": ")[0], fault.hint) for fault in raised.value.faults] == [
        ("the image for linux/amd64 cannot be assembled", "run cdk synth again"),
        ("the image for linux/arm64 cannot be assembled", "run cdk synth again"),
    ]
    assert registry.pushes() == []


def test_an_image_that_is_an_index_itself_is_refused(registry: PushServer) -> None:
    """An engine with attestations pushes an index, which no index of a runtime may name."""
    made = synth(registry)
    image = published(registry)["images"][0]["reference"].removeprefix(f"{registry.host}/")
    del registry.manifests[f"images:{made.version_name}"]
    registry.manifests[image] = registry.manifests["lambda/nodejs:22"]
    with pytest.raises(ImageError, match="is an index, and the index of a runtime names images"):
        published(registry)


class TestBuild:
    def test_a_specification_is_written_as_an_index_of_a_layout(self, registry: PushServer, project: Path) -> None:
        """Requirement: "`optimizer build --output oci:DIR` writes the index too"."""
        words = ("house.image.toml", "--runtime", "--mirror", registry.host, "--no-engine", "--format", "json")
        report = json.loads(run(build.command, *words, "--output", "oci:layout").stdout)
        (entry,) = json.loads((project / "layout/index.json").read_text())["manifests"]
        assert (entry["mediaType"], entry["digest"]) == (INDEX, report["digest"])
        blobs = {f"sha256:{path.name}": path for path in (project / "layout/blobs/sha256").iterdir()}
        for item in json.loads(blobs[entry["digest"]].read_text())["manifests"]:
            manifest = json.loads(blobs[item["digest"]].read_text())
            assert all(layer["digest"] in blobs for layer in (manifest["config"], *manifest["layers"]))
        made = synth(registry)
        published(registry)
        assert registry.digest_of(f"images:{made.version_name}") == report["digest"], "one image, one digest, whoever makes it"
        of_app = json.loads(run(build.command, "cdk.out", "--output", "oci:of-app", "--format", "json").stdout)
        assert of_app["digest"] == report["digest"]

    @pytest.mark.parametrize("command", [build.command, publish.command], ids=["build", "publish"])
    def test_a_specification_is_pushed_under_a_name_that_may_move(self, command: Any, registry: PushServer, project: Path) -> None:
        output = ["--output", "registry"] if command is build.command else []
        name = ["--tag", f"{registry.host}/images:house"] if output else ["--repository", f"{registry.host}/images", "--tag", "house"]
        words = ("house.image.toml", "--runtime", "--mirror", registry.host, "--no-engine", *output, *name)
        assert run(command, *words).exit_code == 0
        first = document(registry, "house")["manifests"]
        (project / "certificates/root.pem").write_text("another certificate\n")
        assert run(command, *words).exit_code == 0
        second = document(registry, "house")["manifests"]
        assert len(first) == len(second) == 2
        assert not {item["digest"] for item in first} & {item["digest"] for item in second}, (
            "no image of the first is taken for one of the second"
        )

    def test_a_specification_gets_the_tag_of_the_construct(self, registry: PushServer) -> None:
        words = ("house.image.toml", "--runtime", "--mirror", registry.host, "--no-engine", "--repository", f"{registry.host}/images")
        assert run(publish.command, *words).exit_code == 0
        made = synth(registry)
        assert made.version_name in registry.tags("images")
        assert "present" in run(publish.command, *words).stdout

    @pytest.mark.parametrize("output", ["engine", "archive:image.tar"])
    def test_an_output_for_one_image_is_refused(self, output: str, registry: PushServer, project: Path) -> None:
        with pytest.raises(ConfigurationError, match="is an index of several platforms") as raised:
            run(build.command, "house.image.toml", "--runtime", "--mirror", registry.host, "--output", output)
        assert "oci:DIR" in raised.value.faults[0].hint
        assert not (project / "image.tar").exists()

    def test_code_is_refused_with_the_reason(self, registry: PushServer) -> None:
        """Requirement: "a step of source code is refused with the reason"."""
        with pytest.raises(SpecError) as raised:
            run(build.command, "code.image.toml", "--runtime", "--output", "oci:layout")
        (fault,) = raised.value.faults
        assert fault.place == "code.image.toml: steps[2]"
        assert "each bring their own as a zip archive" in fault.message

    def test_of_an_app_the_option_has_no_meaning(self, registry: PushServer) -> None:
        synth(registry)
        result = CliRunner().invoke(build.command, ["cdk.out", "--runtime", "--output", "oci:layout"])
        assert result.exit_code == 2
        assert "an app says so itself" in result.output


class TestOtherCommands:
    def test_bake_names_what_it_leaves_out(self, registry: PushServer) -> None:
        synth(registry, function=True)
        result = CliRunner().invoke(bake.command, ["cdk.out", "--repository", f"{registry.host}/images"])
        assert result.exit_code == 0
        assert "this is an index of several platforms, which optimizer publish pushes" in result.stderr
        assert len(json.loads(result.stdout)["group"]["default"]["targets"]) == 2

    def test_lint_judges_the_images_and_not_what_stands_for_the_index(self, registry: PushServer) -> None:
        synth(registry)
        result = CliRunner().invoke(lint.command, ["cdk.out", "--format", "json"])
        report = json.loads(result.stdout)
        assert not any("optimizer-index" in json.dumps(finding) or "scratch" in json.dumps(finding) for finding in report["findings"])


class TestPage:
    """Requirement: "Every command shown in docs is run by a test"."""

    REPOSITORY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/lambda-images"

    def lines(self, program: str) -> list[list[str]]:
        blocks = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
        return [shlex.split(line)[2:] for block in blocks for line in block.splitlines() if line.startswith(f"$ {program} ")]

    def test_what_the_page_shows_of_this_program(self, registry: PushServer, project: Path) -> None:
        synth(registry)
        commands = {"publish": publish.command, "build": build.command}
        # tests/cli/test_runtimes.py runs the command that asks Lambda.
        shown = [words for words in self.lines("optimizer") if words[0] != "runtimes"]
        assert len(shown) == 4
        for name, *words in shown:
            words = [f"{registry.host}/images" if word == self.REPOSITORY else word for word in words]
            mirror = ["--mirror", registry.host] if words[0] == "house.image.toml" else []
            assert run(commands[name], *words, *mirror).exit_code == 0
        assert len(json.loads((project / "scan/index.json").read_text())["manifests"]) == 1

    def test_what_the_page_shows_of_the_aws_cli_is_in_the_models_of_the_api(self) -> None:
        """No AWS service is called by tests; the CLI makes its commands and options of these models."""
        shown = self.lines("aws")
        assert shown
        for service, command, *words in shown:
            model = botocore.session.get_session().get_service_model(service)
            operation = next(name for name in model.operation_names if xform_name(name, "-") == command)
            members = {f"--{xform_name(name, '-')}" for name in model.operation_model(operation).input_shape.members}
            required = {f"--{xform_name(name, '-')}" for name in model.operation_model(operation).input_shape.required_members}
            given = {word for word in words if word.startswith("--")}
            assert required <= given <= members
