"""``optimizer plan`` of specifications and of synthesized apps, from the plans that are kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from click.testing import CliRunner

from optimizer import ImageSpec, PythonDependencies, SourceCode
from optimizer.adapters.plan_files import plan_path
from optimizer.cdk import OptimizedFunction, SharedRepositorySynthesizer
from optimizer.cli.main import optimizer
from tests.test_golden import GOLDEN

ROOT = Path(__file__).parents[2]
CASES = ("python-uv-workspace", "everything-else", "java-gradle-modules", "nodejs-npm-workspace")


def output(*arguments: str) -> str:
    result = CliRunner().invoke(optimizer, ["plan", *arguments])
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("case", CASES)
def test_a_plan_that_was_written_renders_the_same_bytes_in_another_process(case: str, tmp_path: Path) -> None:
    """Requirement: "plans ..., writes the JSON, reads it in a fresh process and renders, gives the same bytes"."""
    directory = GOLDEN / case
    options = ["--root", str(directory / "project"), "--lock", str(GOLDEN / "optimizer.lock")]
    (tmp_path / "plan.json").write_text(output(str(directory / "spec.toml"), *options, "--format", "json"), encoding="utf-8")
    program = "import sys, optimizer; sys.stdout.buffer.write(optimizer.render(optimizer.load_plan(sys.argv[1])).encode())"
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "plan.json")], cwd=ROOT, capture_output=True, timeout=60, check=True
    )
    assert done.stdout == (directory / "Dockerfile").read_bytes()


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in {"requirements.txt": "six==1.17.0\n", "fn/app.py": "def handler(event, context): ...\n"}.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    (tmp_path / "optimizer.lock").write_bytes((GOLDEN / "optimizer.lock").read_bytes())
    made = cdk.App(outdir=str(Path("cdk.out").absolute()))
    stack = cdk.Stack(made, "Shop")
    spec = ImageSpec(runtime="python3.13", steps=[PythonDependencies("requirements.txt", name="packages"), SourceCode("fn", name="code")])
    OptimizedFunction(stack, "Api", spec=spec, handler="app.handler")
    made.synth()
    return tmp_path / "cdk.out"


def asset(app: Path) -> Path:
    (found,) = (path for path in app.glob("asset.*") if path.is_dir())
    return found


def shown(app: Path) -> dict[str, Any]:
    return dict(json.loads(output(str(app), "--format", "json")))


def test_an_app_shows_the_recipe_and_the_key_of_each_stage(app: Path) -> None:
    found = shown(app)
    (function,) = found["functions"]
    assert function["stages"] == ["packages", "code"] and "note" not in function
    packages, code = found["plans"][function["image"]]["stages"]
    assert packages["recipe"]["kind"] == "python-packages" and packages["recipe"]["tools"][0]["name"] == "uv"
    assert packages["recipe"]["reads"][0]["source"] == "requirements.txt"
    assert code["recipe"]["kind"] == "packed-files" and len(code["key"]) == 64


def test_the_plan_is_no_part_of_the_asset(app: Path) -> None:
    """Requirement: "outside the asset's digest"."""
    assert plan_path(asset(app)).is_file()
    assert not list(asset(app).rglob("*.plan.json"))


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda path: plan_path(path).unlink(), "it was synthesized by an older version, or copied from elsewhere"),
        (lambda path: plan_path(path).write_text("{}"), "the plan has no version, and this version of the tool reads version 1"),
        (lambda path: plan_path(path).write_text("{"), "the plan is not JSON"),
        (lambda path: (path / "Dockerfile").open("a").write("USER nobody\n"), "was changed after it was synthesized"),
    ],
    ids=["older", "another version", "damaged", "edited"],
)
def test_an_image_that_is_not_what_its_plan_says_is_told_as_such(change: Any, note: str, app: Path) -> None:
    """Requirement: "An assembly of an older version, or a Dockerfile that a person changed, is told as such"."""
    change(asset(app))
    found = shown(app)
    (function,) = found["functions"]
    assert note in function["note"] and function["note"].endswith("; run cdk synth again")
    assert found["plans"] == {}
    assert {"packages", "code"} <= set(function["stages"]), "what the file itself says is still shown"
    linted = CliRunner().invoke(optimizer, ["lint", str(app), "--select", "LIO006"])
    assert linted.exit_code == 1 and note in linted.output, linted.output
    baked = CliRunner().invoke(optimizer, ["bake", str(app), "--repository", "host.example.com/images"])
    assert baked.exit_code == 0 and "is built as it is, without sharing stages: " in baked.output and note in baked.output


def test_a_second_synthesis_fixes_it(app: Path) -> None:
    before = plan_path(asset(app)).read_bytes()
    plan_path(asset(app)).write_text("{", encoding="utf-8")
    made = cdk.App(outdir=str(Path("cdk.out").absolute()))
    spec = ImageSpec(runtime="python3.13", steps=[PythonDependencies("requirements.txt", name="packages"), SourceCode("fn", name="code")])
    OptimizedFunction(cdk.Stack(made, "Shop"), "Api", spec=spec, handler="app.handler")
    made.synth()
    assert plan_path(asset(app)).read_bytes() == before


def test_a_copy_that_cdk_makes_of_the_context_has_the_plan_too(app: Path, tmp_path: Path) -> None:
    """A synthesizer that was made in Python cannot take the asset; CDK's own asset copies it under another name."""
    out = tmp_path / "other.out"
    made = cdk.App(outdir=str(out))
    stack = cdk.Stack(made, "Shop", synthesizer=cdk.DefaultStackSynthesizer())
    spec = ImageSpec(runtime="python3.13", steps=[PythonDependencies("requirements.txt", name="packages"), SourceCode("fn", name="code")])
    OptimizedFunction(stack, "Api", spec=spec, handler="app.handler")
    made.synth()
    (function,) = shown(out)["functions"]
    assert "note" not in function and function["stages"] == ["packages", "code"]


def staged(outdir: Path, **environments: cdk.Environment | None) -> None:
    """An app with one function in a stack of each stage."""
    made = cdk.App(outdir=str(outdir))
    spec = ImageSpec(runtime="python3.13", steps=[SourceCode("fn", name="code")])
    for name, env in environments.items():
        stack = cdk.Stack(cdk.Stage(made, name, env=env), "Shop", synthesizer=SharedRepositorySynthesizer(repository_name="lambda-images"))
        OptimizedFunction(stack, "Api", spec=spec, handler="app.handler")
    made.synth()


def test_one_name_in_two_accounts_is_two_repositories(app: Path) -> None:
    """Issue 14: ``plan`` of two Stages in two accounts said "1 repository"."""
    first, second = (cdk.Environment(account=account, region="eu-central-1") for account in ("111111111111", "222222222222"))
    staged(app.parent / "two.out", First=first, Second=second)
    text = output("two.out")
    assert "in 111111111111.dkr.ecr.eu-central-1.amazonaws.com/lambda-images\n" in text
    assert text.endswith("2 functions, 1 image, 2 repositories\n")
    hosts = [item["registry"] for item in json.loads(output("two.out", "--format", "json"))["functions"]]
    assert hosts == [f"{account}.dkr.ecr.eu-central-1.amazonaws.com" for account in ("111111111111", "222222222222")]


def test_a_repository_of_an_open_account_is_one_in_each(app: Path) -> None:
    staged(app.parent / "open.out", First=None, Second=None)
    assert output("open.out").endswith("2 functions, 1 image, 1 repository in each account and region\n")


def test_known_and_open_accounts_are_counted_apart(app: Path) -> None:
    staged(app.parent / "mixed.out", First=cdk.Environment(account="111111111111", region="eu-central-1"), Second=None)
    assert output("mixed.out").endswith("2 functions, 1 image, 1 repository and 1 repository in each account and region\n")
