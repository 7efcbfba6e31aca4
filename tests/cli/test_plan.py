"""``optimizer plan`` of specifications and of synthesized apps, from the plans that are kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from click.testing import CliRunner

from optimizer import ImageSpec, PythonDependencies, SourceCode
from optimizer.adapters.plan_files import plan_path
from optimizer.cdk import OptimizedFunction, SharedRepositorySynthesizer
from optimizer.cli.main import optimizer
from tests.patience import PATIENCE_S
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
        [sys.executable, "-c", program, str(tmp_path / "plan.json")], cwd=ROOT, capture_output=True, timeout=PATIENCE_S, check=True
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


def test_an_app_shows_its_layers_with_sizes_and_who_has_them(app: Path) -> None:
    found = shown(app)
    packages, code = found["layers"]
    assert [packages["names"], code["names"]] == [["packages"], ["code"]]
    assert packages["functions"] == code["functions"] == ["Shop/Api"]
    (archive,) = asset(app).glob("layers/*.tar")
    assert (code["sizeBytes"], code["sizeFrom"], packages["sizeBytes"]) == (archive.stat().st_size, "files", None)
    (function,) = found["functions"]
    assert (function["ownBytes"], function["sizesUnknown"]) == (code["sizeBytes"], 1)
    assert found["expected"] == {"pushedBytes": round(0.8 * code["sizeBytes"]), "sizesUnknown": 1}


def test_a_specification_shows_sizes_and_what_a_deployment_costs(app: Path) -> None:
    """Requirement: "each with size, change probability and where that number comes from, the expected bytes and seconds per deployment"."""
    Path("api.image.toml").write_text(
        'runtime = "python3.13"\n'
        '[[steps]]\nkind = "python-dependencies"\nlock = "requirements.txt"\nname = "packages"\nsize = 13000000\nseconds = 8\n'
        '[[steps]]\nkind = "source-code"\nsource = "fn"\nname = "code"\nstability = "weekly"\n',
        encoding="utf-8",
    )
    text = output("api.image.toml")
    lines = text.splitlines()
    assert "  1      packages  13.0 MB declared  0.05 default  650.0 kB  0.40 s" in lines
    assert "  2      code      33 B files        0.2 declared  7 B       -" in lines
    assert max(len(line) for line in lines[2:]) <= 80
    found = json.loads(output("api.image.toml", "--format", "json"))["explanation"]
    assert found["expected"] == {"pushedBytes": 650007, "sizesUnknown": 0, "seconds": 0.4, "timesUnknown": 1}


def test_a_template_shows_the_functions_of_its_specifications(app: Path) -> None:
    """Requirement: "`optimizer plan TARGET` (spec, app assembly, template with generated specs)"."""
    Path("api.image.toml").write_text(
        'runtime = "python3.13"\n[[steps]]\nkind = "source-code"\nsource = "fn"\nname = "code"\n', encoding="utf-8"
    )
    function = "Type: AWS::Serverless::Function\n    Properties: {PackageType: Image, ImageConfig: {Command: [app.handler]}}\n"
    Path("template.yaml").write_text(
        f"Transform: AWS::Serverless-2016-10-31\nResources:\n  Api:\n    {function}    Metadata: {{ImageSpec: api.image.toml}}\n"
        f"  Other:\n    {function}    Metadata: {{Dockerfile: Dockerfile, DockerContext: .}}\n",
        encoding="utf-8",
    )
    Path("Dockerfile").write_text("FROM public.ecr.aws/lambda/python:3.13\n", encoding="utf-8")
    found = json.loads(output("template.yaml", "--format", "json"))
    api, other = found["functions"]
    assert (api["path"], api["stages"], api["ownLayers"]) == ("Api", ["code"], 1) and "note" not in api
    assert other["note"] == "it names no specification" and "ownLayers" not in other
    assert [layer["functions"] for layer in found["layers"]] == [["Api"]]
    assert "2  note  it names no specification" in output("template.yaml")


def test_the_plan_is_no_part_of_the_asset(app: Path) -> None:
    """Requirement: "outside the asset's digest"."""
    assert plan_path(asset(app)).is_file()
    assert not list(asset(app).rglob("*.plan.json"))


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda path: plan_path(path).unlink(), "it was synthesized by an older version, or copied from elsewhere"),
        (lambda path: plan_path(path).write_text("{}"), "the plan has no version, and this version of the tool reads version 2"),
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


class TestSnapStart:
    """Requirement: "`plan` shows it"."""

    def shown(self, runtime: str, promise: str | None = None, *, publish: bool = True, on: bool = True) -> tuple[str, Any]:
        Path("fn/index.mjs").write_text("export const handler = async () => 1;\n", encoding="utf-8")
        made = cdk.App(outdir=str(Path("snap.out").absolute()))
        function = OptimizedFunction(
            cdk.Stack(made, "Shop"),
            "Api",
            spec=ImageSpec(runtime=runtime, snapstart=promise, steps=[SourceCode("fn", name="code")]),
            handler="index.handler" if runtime.startswith("nodejs") else "app.handler",
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if on else None,
        )
        if publish:
            function.add_alias("live")
        made.synth()
        (found,) = json.loads(output("snap.out", "--format", "json"))["functions"]
        _, word, line = " ".join(output("snap.out").split()).partition("SnapStart")
        return (word + line.partition(" 1 layer,")[0], found.get("snapstart")) if word else ("", found.get("snapstart"))

    def test_of_a_published_function_with_a_promise(self, app: Path) -> None:
        line, data = self.shown("nodejs22.x", "hooks")
        assert line.startswith("SnapStart hooks, by the restore protocol; published as ")
        assert (data["promise"], data["base"], len(data["published"])) == ("hooks", "needs", 2)
        assert self.shown("nodejs22.x", "no-hooks")[0].startswith("SnapStart no hooks, by its label; published as ")

    def test_of_a_base_that_asks_for_nothing_and_of_a_function_that_is_never_published(self, app: Path) -> None:
        line, data = self.shown("python3.13", publish=False)
        assert line == "SnapStart its base asks for nothing; never published, so without effect"
        assert data == {"promise": "", "base": "works", "published": []}

    def test_of_a_base_from_a_mirror(self, app: Path) -> None:
        Path("optimizer.toml").write_text('mirror = "mirror.example.com/ecr"\n', encoding="utf-8")
        assert self.shown("python3.13", publish=False)[1]["base"] == "works"

    def test_without_snapstart_nothing_is_shown(self, app: Path) -> None:
        assert self.shown("python3.13", on=False) == ("", None)

    @pytest.mark.parametrize(
        ("base", "image"),
        [
            ("public.ecr.aws/lambda/nodejs:22", "no promise, without which publishing a version fails"),
            ("example.com/house:1", "it is unknown what its base asks for"),
        ],
    )
    def test_of_a_dockerfile_that_people_wrote(self, base: str, image: str, app: Path) -> None:
        for label, says in (("", image), ('LABEL com.amazonaws.lambda.feature.snapstart="Allow"\n', "no hooks, by its label")):
            # CDK looks at a directory once.
            directory = Path("labelled" if label else "plain").absolute()
            directory.mkdir()
            (directory / "Dockerfile").write_text(f'FROM {base} AS one\n{label}FROM one\nCMD ["index.handler"]\n', encoding="utf-8")
            made = cdk.App(outdir=str(Path("plain.out").absolute()))
            lambda_.DockerImageFunction(
                cdk.Stack(made, "Shop"),
                "Api",
                code=lambda_.DockerImageCode.from_image_asset(str(directory)),
                snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS,
            )
            made.synth()
            assert f"1 SnapStart {says}; never published, so without effect" in " ".join(output("plain.out").split())

    def test_a_specification_shows_what_it_promises(self) -> None:
        options = ["--root", str(GOLDEN / "nodejs-snapstart" / "project"), "--lock", str(GOLDEN / "optimizer.lock")]
        text = output(str(GOLDEN / "nodejs-snapstart" / "spec.toml"), *options)
        assert text.splitlines()[2] == "SnapStart: no hooks, by its label"
