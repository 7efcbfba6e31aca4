"""``--format json`` of each command, which programs read.

Requirement: "every command's JSON documented and stable".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from optimizer.cli.main import optimizer
from optimizer.images.compare import CONTENT, Difference, LayerComparison
from optimizer.model.invocation import Invocation, RunSettings
from optimizer.model.runtime_check import CheckedVersion, VersionAnswer
from optimizer.report.invoke import invocation_to_dict
from optimizer.report.runtimes import runtimes_to_dict
from optimizer.report.verify import SkippedImage, VerifiedImage, verification_to_dict
from tests.adapters.push_server import PushServer
from tests.json_shapes import hold
from tests.publishing.cli_project import FUNCTIONS, RUNTIME, serving_base, write_project

PRODUCTS = {"bake", "completion", "lsp", "render", "schema"}
"""Commands that print what they make, and report nothing: JSON, a script, a protocol, a Dockerfile, JSON."""


def test_every_command_that_reports_has_it() -> None:
    """Requirement: "`--format json` for every command"."""
    context = click.Context(optimizer)
    without = set()
    for name in optimizer.list_commands(context):
        command = optimizer.get_command(context, name)
        assert command is not None
        forms = [option.type for option in command.params if "--format" in option.opts]
        if not any(isinstance(form, click.Choice) and "json" in form.choices for form in forms):
            without.add(name)
    assert without == PRODUCTS


# A function that nothing of this project builds.
_BOUGHT = """\
  Bought:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image, ImageUri: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/bought:1"}
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushServer]:
    with serving_base(tmp_path_factory.mktemp("base")) as served:
        yield served


@pytest.fixture
def project(tmp_path: Path, registry: PushServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    spec = f'runtime = "{RUNTIME}"\n\n[[steps]]\nkind = "source-code"\nsource = "functions/{{}}"\n'
    template = (
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  Api:\n    Type: AWS::Serverless::Function\n    Properties:\n"
        "      PackageType: Image\n      Architectures: [x86_64]\n      ImageConfig: {Command: [index.handler]}\n"
        "    Metadata:\n      ImageSpec: api.image.toml\n"
    )
    files = {
        **FUNCTIONS,
        "api.image.toml": spec.format("api"),
        "template.yaml": template,
        "by-hand/Dockerfile": "FROM public.ecr.aws/lambda/nodejs:22\nUSER app\n",
        "optimizer.toml": f'mirror = "{registry.host}"\n',
    }
    write_project(tmp_path, registry, files)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(*words: str, codes: tuple[int, ...] = (0,)) -> Any:
    result = CliRunner().invoke(optimizer, words, catch_exceptions=False)
    assert result.exit_code in codes, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("name", "words", "page", "opaque"),
    [
        ("explain", "explain LIO401", "lint.md", ()),
        ("init", "init", "init.md", ("files[].spec",)),
        ("lint", "lint by-hand", "lint.md", ()),
        ("lint-statistics", "lint by-hand --statistics", "lint.md", ()),
        ("new", "new shop --no-pin", "new.md", ()),
        ("pin", "pin --update", "ci.md", ()),
        ("plan-spec", "plan api.image.toml", "plan.md", ("stages", "contents")),
        ("plan-template", "plan template.yaml", "plan.md", ("plans",)),
        ("plan-if-changed", "plan template.yaml --if-changed functions/api/index.js", "plan.md", ()),
        ("publish", "publish api.image.toml --repository HOST/images --no-engine", "publish.md", ()),
        ("build", "build api.image.toml --output oci:made --no-engine", "build.md", ()),
        ("report", "report .", "report.md", ("repositories[].rules",)),
        ("sam", "sam template.yaml --write", "sam.md", ()),
    ],
)
def test_its_keys_stay(
    name: str, words: str, page: str, opaque: tuple[str, ...], project: Path, registry: PushServer, request: pytest.FixtureRequest
) -> None:
    if name == "init":
        with (project / "template.yaml").open("a", encoding="utf-8") as template:
            template.write(_BOUGHT)
    data = said(*words.replace("HOST", registry.host).split(), "--format", "json", codes=(0, 1))
    hold(name, data, page, request, opaque)


def test_its_keys_stay_for_an_inspected_image(project: Path, request: pytest.FixtureRequest) -> None:
    said("build", "api.image.toml", "--output", "oci:made", "--no-engine", "--format", "json")
    hold("inspect", said("inspect", "made", "--format", "json", codes=(0, 1)), "inspect.md", request)


def test_its_keys_stay_for_a_verification(request: pytest.FixtureRequest) -> None:
    difference = Difference(kind=CONTENT, field="content", path="opt/a", first="1", second="2")
    layer = LayerComparison(number=0, step="", first_diff_id="a", second_diff_id="b", verdict=CONTENT, differences=(difference,), hint="h")
    images = [VerifiedImage(name="shop", functions=("Shop/Api",), layers=(layer,))]
    skipped = [SkippedImage(name="other", functions=("Shop/Other",), reason="a program makes it")]
    hold("verify", verification_to_dict(images, skipped), "verify.md", request)


def test_its_keys_stay_for_an_invocation(request: pytest.FixtureRequest) -> None:
    settings = RunSettings(name="Shop/Api", command=("app.handler",), unknown=("the address",))
    invocation = Invocation(answer=b"1", failure="it ended", init_s=0.1, duration_s=0.1, log="text", remarks=("slow",))
    hold("invoke", invocation_to_dict("Shop/Api", settings, invocation, 1), "invoke.md", request)


def test_its_keys_stay_for_runtimes(request: pytest.FixtureRequest) -> None:
    answer = VersionAnswer(state="refused", reason="Lambda says no", architectures=("x86_64",), managed_instances="yes")
    checked = CheckedVersion(name="Shop/Runtime", runtime="shop", version="1", image="host/name:1", answer=answer)
    hold("runtimes", json.loads(json.dumps(runtimes_to_dict([checked]))), "runtimes.md", request)
