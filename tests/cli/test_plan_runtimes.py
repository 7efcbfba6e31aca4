"""``optimizer plan``, ``verify``, ``bake`` and ``invoke`` of apps with customer-managed runtimes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from click.testing import CliRunner, Result

from optimizer import Files, ImageSpec, SourceCode
from optimizer.adapters.engine import Engine
from optimizer.adapters.verification import BuildInputs
from optimizer.cdk import CustomerManagedRuntime, OptimizedFunction, SharedRepositorySynthesizer
from optimizer.cli import verify
from optimizer.cli.main import optimizer
from optimizer.errors import ContextError
from optimizer.images.compare import LayerComparison
from tests.cli.plan_projects import write_project
from tests.json_shapes import hold

MODELS = Files("models", to="/opt/ml/", name="models")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path)


def synthesize(*, function: bool = False, again: bool = False) -> None:
    made = cdk.App(outdir=str(Path("cdk.out").absolute()))
    stack = cdk.Stack(made, "Platform", synthesizer=SharedRepositorySynthesizer(repository_name="lambda-images"))
    spec = ImageSpec(runtime="python3.13", steps=[MODELS])
    CustomerManagedRuntime(stack, "House", runtime_name="house-python", spec=spec)
    if again:
        CustomerManagedRuntime(stack, "Next", runtime_name="next-python", spec=spec)
    if function:
        code = SourceCode("functions/api", name="code")
        OptimizedFunction(stack, "Api", spec=ImageSpec(runtime="python3.13", steps=[code, MODELS]), handler="app.handler")
    made.synth()


def run(*words: str) -> Result:
    return CliRunner().invoke(optimizer, words, catch_exceptions=False)


def planned() -> Any:
    return json.loads(run("plan", "cdk.out", "--format", "json").stdout)


def test_each_architecture_is_planned_beside_the_functions() -> None:
    synthesize(function=True)
    data = planned()
    assert [item["path"] for item in data["functions"]] == ["Platform/Api"]
    assert [(item["path"], item["runtime"], item["architecture"]) for item in data["runtimes"]] == [
        ("Platform/House (arm64)", "house-python", "arm64"),
        ("Platform/House (x86_64)", "house-python", "x86_64"),
    ]
    shared = next(layer for layer in data["layers"] if layer["names"] == ["models"])
    assert shared["functions"] == ["Platform/Api", "Platform/House (arm64)", "Platform/House (x86_64)"]
    assert {item["image"] for item in data["runtimes"]} < data["plans"].keys()
    text = run("plan", "cdk.out").stdout
    assert "function or runtime" in text
    assert "2-3  runtime house-python: optimizer publish pushes it" in text
    assert text.splitlines()[-1].startswith("1 function, 1 runtime, 3 images")


def test_a_runtime_needs_no_function(request: pytest.FixtureRequest) -> None:
    synthesize()
    data = planned()
    assert data["functions"] == [] and len(data["runtimes"]) == 2
    hold("plan-runtimes", data, "plan.md", request, ("plans",))
    assert run("plan", "cdk.out").stdout.splitlines()[-1].startswith("1 runtime, 2 images")
    assert "models of Platform/House (arm64)" in run("plan", "cdk.out", "--if-changed", "models").stdout
    run("plan", "cdk.out", "--html", "layers.html")
    assert "<h2>Runtimes</h2>" in Path("layers.html").read_text(encoding="utf-8")


def test_a_name_that_a_deployment_gives_is_not_known() -> None:
    synthesize()
    template = Path("cdk.out/Platform.template.json")
    template.write_text(template.read_text(encoding="utf-8").replace('"house-python"', '{"Ref": "Name"}'), encoding="utf-8")
    assert [item["runtime"] for item in planned()["runtimes"]] == ["", ""]
    assert "runtime whose name is known at deployment only" in run("plan", "cdk.out").stdout


def test_a_plan_that_is_gone_is_told() -> None:
    synthesize()
    for plan in Path("cdk.out").glob("*.plan.json"):
        plan.unlink()
    noted = [item.get("note", "") for item in planned()["runtimes"]]
    assert len(noted) == 2 and all("run cdk synth again" in note for note in noted)


def test_verify_builds_each_architecture_of_a_runtime_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[BuildInputs] = []

    def build(inputs: BuildInputs, _: Engine) -> tuple[LayerComparison, ...]:
        built.append(inputs)
        return ()

    monkeypatch.setattr(Engine, "check", lambda _: None)
    monkeypatch.setattr(verify, "verify_image", build)
    synthesize(function=True, again=True)
    data = json.loads(run("verify", "cdk.out", "--format", "json").stdout)
    assert [image["functions"] for image in data["images"]] == [
        ["Platform/Api"],
        ["Platform/House (arm64)", "Platform/Next (arm64)"],
        ["Platform/House (x86_64)", "Platform/Next (x86_64)"],
    ]
    assert [inputs.options.platform for inputs in built[1:]] == ["linux/arm64", "linux/amd64"]
    assert all((inputs.directory / inputs.options.dockerfile).is_file() for inputs in built)
    built.clear()
    run("verify", "cdk.out", "--function", "*/House (arm64)")
    assert [inputs.options.platform for inputs in built] == ["linux/arm64"]


def test_what_a_runtime_cannot_be_asked_names_what_can() -> None:
    synthesize()
    for command, says in (("bake", "optimizer publish"), ("invoke", "optimizer runtimes")):
        with pytest.raises(ContextError) as raised:
            run(command, "cdk.out")
        assert says in str(raised.value) and "declare an OptimizedFunction" not in str(raised.value)


@pytest.mark.parametrize("command", ["plan", "verify"])
def test_an_app_with_neither_is_told_so(command: str) -> None:
    made = cdk.App(outdir=str(Path("cdk.out").absolute()))
    cdk.Stack(made, "Shop")
    made.synth()
    with pytest.raises(ContextError, match="has no image function, and no customer-managed runtime"):
        run(command, "cdk.out")
