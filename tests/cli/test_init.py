"""``optimizer init`` as its users run it."""

from __future__ import annotations

import datetime
import json
import os
import re
import shutil
from pathlib import Path
from typing import ClassVar

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from click.testing import CliRunner, Result

from optimizer import ImageSpec, NodeBuild, NodeDependencies, PythonDependencies, SourceCode
from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import Lock, LockedImage
from optimizer.cdk import OptimizedFunction
from optimizer.cli.main import optimizer
from optimizer.errors import OptimizerError

DOCKERFILE = """\
FROM public.ecr.aws/lambda/python:3.13
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY app.py .
CMD ["app.handler"]
"""
TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    PackageType: Image
    Architectures: [arm64]
Resources:
  GetOrder:
    Type: AWS::Serverless::Function
    Properties:
      ImageConfig:
        Command: [app.get]
    Metadata: &image
      Dockerfile: Dockerfile
      DockerContext: functions/api
  PutOrder:
    Type: AWS::Serverless::Function
    Metadata: *image
  Report:
    Type: AWS::Serverless::Function
    Metadata:
      Dockerfile: Dockerfile.report
      DockerContext: functions/report
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path, text in {
        "functions/api/Dockerfile": DOCKERFILE,
        "functions/api/app.py": "def handler(event, context):\n    return 1\n",
        "functions/api/requirements.txt": "idna==3.10\n",
        "functions/report/Dockerfile.report": "FROM public.ecr.aws/lambda/nodejs:22\nCOPY . .\nCMD index.handler\n",
        "functions/report/index.mjs": "export const handler = async () => 1;\n",
        "template.yaml": TEMPLATE,
        "cdk.json": '{"app": "python3 app.py"}\n',
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(*arguments: str) -> Result:
    return CliRunner().invoke(optimizer, ["init", *arguments])


def fails(*arguments: str) -> str:
    result = init(*arguments)
    assert isinstance(result.exception, OptimizerError), result.output
    assert result.exception.exit_code == 2
    assert not list(Path().rglob("*.image.toml"))
    return str(result.exception)


class TestDockerfile:
    def test_writes_a_spec_and_says_what_became_of_every_line(self) -> None:
        result = init("--from", "functions/api/Dockerfile")
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout == (
            "api.image.toml  from functions/api/Dockerfile\n"
            "  line  instruction                             what became of it\n"
            "  1     FROM public.ecr.aws/lambda/python:3.13  runtime\n"
            "  2     COPY requirements.txt .                 python-dependencies\n"
            "  3     RUN pip install -r requirements.txt     python-dependencies\n"
            "  4     COPY app.py .                           source-code-app-py\n"
            '  5     CMD ["app.handler"]                     handler\n'
            "  note: nothing sets the architecture: x86_64 is Lambda's default\n"
            "\n"
            "in the stack:\n"
            "  from optimizer import ImageSpec\n"
            "  from optimizer.cdk import OptimizedFunction\n"
            '  OptimizedFunction(self, "Api", spec=ImageSpec.load("api.image.toml"), handler="app.handler")\n'
            "\n"
            "1 spec; instructions: 5 carried, 0 not needed, 0 not carried\n"
            "next: optimizer pin\n"
            "next: optimizer plan api.image.toml\n"
        )
        assert ImageSpec.load("api.image.toml") == ImageSpec(
            runtime="python3.13",
            steps=[PythonDependencies("functions/api/requirements.txt"), SourceCode("functions/api/app.py")],
        )
        assert "# from lines 2, 3\n" in Path("api.image.toml").read_text()

    def test_another_context_name_and_place(self) -> None:
        Path("Dockerfile.orders").write_text(DOCKERFILE.replace("COPY ", "COPY functions/api/"))
        result = init("--from", "Dockerfile.orders", "--context", ".", "--output", "specs", "--architecture", "arm64")
        assert result.exit_code == 0, result.output
        spec = ImageSpec.load("specs/orders.image.toml")
        assert (spec.architecture, spec.steps[1]) == ("arm64", SourceCode("functions/api/app.py"))

    def test_what_is_not_carried_over_is_exit_code_1(self) -> None:
        result = init("--from", "functions/report/Dockerfile.report", "--format", "json")
        assert result.exit_code == 1
        report = json.loads(result.stdout)
        (file,) = report["files"]
        (function,) = file["functions"]
        assert (file["path"], file["complete"], report["next"]) == (
            "report.image.toml",
            False,
            ["optimizer pin", "optimizer plan report.image.toml"],
        )
        assert [(item["line"], item["outcome"], item["into"]) for item in function["instructions"]] == [
            (1, "carried", ["runtime"]),
            (2, "carried", ["source-code-report"]),
            (3, "not carried", []),
        ]
        assert function["instructions"][2]["not_carried"] == [
            {
                "message": "CMD in the form of a shell line runs a shell in place of the handler",
                "by_hand": "name the handler, which is the one word of CMD",
            }
        ]
        assert Path("report.image.toml").read_text() == file["text"]
        assert "# - line 3: CMD in the form of a shell line" in file["text"]

    def test_is_planned_where_the_lock_has_the_base(self) -> None:
        pin = LockedImage(reference=base_image("python3.13").reference, digest="sha256:" + "5" * 64, resolved=datetime.date(2026, 11, 1))
        Path("optimizer.lock").write_text(Lock().with_images([pin]).render())
        assert "optimizer pin" not in init("--from", "functions/api/Dockerfile").stdout

    def test_a_runtime_for_a_base_that_tells_none(self) -> None:
        Path("functions/api/Dockerfile").write_text(
            DOCKERFILE.replace("public.ecr.aws/lambda/python:3.13", "registry.example.com/house/py:7")
        )
        assert fails("--from", "functions/api/Dockerfile") == (
            'functions/api/Dockerfile:1: the runtime cannot be seen from the base image "registry.example.com/house/py:7"\n'
            "  hint: name the runtime with --runtime, for example python3.14"
        )
        result = init("--from", "functions/api/Dockerfile", "--runtime", "python3.13")
        assert result.exit_code == 0, result.output
        assert str(ImageSpec.load("api.image.toml").base) == "registry.example.com/house/py:7"

    @pytest.mark.parametrize("image", ["public.ecr.aws/lambda/provided", "amazon/aws-lambda-nodejs"])
    def test_a_base_without_a_tag_tells_no_runtime(self, image: str) -> None:
        Path("Dockerfile").write_text(f"FROM {image}\n")
        assert fails("--from", "Dockerfile") == (
            f'Dockerfile:1: the runtime cannot be seen from the base image "{image}" without a tag that names one\n'
            "  hint: name the runtime with --runtime, for example python3.14"
        )

    def test_a_retired_base_of_the_catalogue_is_called_so(self) -> None:
        Path("Dockerfile").write_text("FROM public.ecr.aws/lambda/go:1\nCOPY functions/api/app.py ./\n")
        assert "note: line 1: go1.x is retired since 2024-01-08; provided.al2023 is supported" in init("--from", "Dockerfile").stdout

    def test_a_group_of_packages_is_no_package(self) -> None:
        Path("Dockerfile").write_text(
            "FROM public.ecr.aws/lambda/python:3.13\nRUN yum group install -y 'Development Tools' && yum install -y jq\n"
        )
        result = init("--from", "Dockerfile")
        assert 'line 2: "@Development Tools" is a group of packages' in result.stdout
        (written,) = Path().glob("*.image.toml")
        assert 'packages = ["jq"]' in written.read_text()

    def test_a_proposal_is_checked_with_the_defaults_of_the_project(self, monkeypatch: pytest.MonkeyPatch) -> None:
        checked: list[ImageSpec] = []
        monkeypatch.setattr("optimizer.cli.init.plan", lambda spec, *rest, **named: checked.append(spec))
        Path("optimizer.toml").write_text('[defaults]\nlabels = {team = "shop"}\narchitecture = "arm64"\n')
        assert init("--from", "functions/api/Dockerfile").exit_code == 0
        assert init("functions/report", "--runtime", "nodejs22.x").exit_code == 0
        # A function of today runs where Lambda runs it; code that has none yet goes where the company wants it.
        assert [(dict(spec.labels), spec.architecture) for spec in checked] == [({"team": "shop"}, "x86_64"), ({"team": "shop"}, "arm64")]
        assert "team" not in Path("api.image.toml").read_text()

    def test_a_base_behind_the_mirror(self) -> None:
        Path("functions/api/Dockerfile").write_text(DOCKERFILE.replace("public.ecr.aws", "mirror.example.com/ecr"))
        result = init("--from", "functions/api/Dockerfile", "--mirror", "mirror.example.com/ecr")
        assert result.exit_code == 0, result.output
        assert ImageSpec.load("api.image.toml").base is None


class TestWriting:
    def test_refuses_to_write_over_a_file(self) -> None:
        Path("report.image.toml").write_text("mine\n")
        result = init("--from", "template.yaml")
        assert isinstance(result.exception, OptimizerError)
        assert str(result.exception) == (
            "report.image.toml: exists already; nothing is written\n  hint: see the difference with --diff, or overwrite it with --force"
        )
        assert sorted(path.name for path in Path().glob("*.image.toml")) == ["report.image.toml"]
        assert Path("report.image.toml").read_text() == "mine\n"
        assert init("--from", "template.yaml", "--force").exit_code == 1
        assert 'runtime = "nodejs22.x"' in Path("report.image.toml").read_text()

    def test_a_difference_is_shown_and_nothing_is_written(self) -> None:
        init("--from", "functions/api/Dockerfile")
        before = Path("api.image.toml").read_text()
        Path("functions/api/Dockerfile").write_text(DOCKERFILE.replace("3.13", "3.14"))
        result = init("--from", "functions/api/Dockerfile", "--diff")
        assert result.exit_code == 0
        assert '-runtime = "python3.13"\n+runtime = "python3.14"\n' in result.stdout
        assert "what became of it" in result.stderr
        assert Path("api.image.toml").read_text() == before
        assert init("--from", "functions/api/Dockerfile", "--dry-run").stdout == result.stdout

    def test_all_files_or_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from optimizer.cli import written_files as module

        written = []
        real = module.replace_file

        def second_fails(path: Path, *rest: object) -> None:
            written.append(path)
            if len(written) == 2:
                raise module.ContextError("the disk is full")
            real(path, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(module, "replace_file", second_fails)
        assert fails("--from", "template.yaml") == "the disk is full"
        assert len(written) == 2

    def test_two_runs_give_the_same_bytes(self) -> None:
        first = init("--from", "template.yaml", "--format", "json", "--diff").stdout
        assert first and init("--from", "template.yaml", "--format", "json", "--diff").stdout == first


class TestTemplate:
    def test_functions_with_equal_specs_share_one_file(self) -> None:
        result = init("--from", "template.yaml")
        assert result.exit_code == 1
        assert sorted(path.name for path in Path().glob("*.image.toml")) == ["get-order.image.toml", "report.image.toml"]
        text = Path("get-order.image.toml").read_text()
        assert "# Functions: GetOrder, PutOrder\n" in text
        assert ImageSpec.load("get-order.image.toml").architecture == "arm64"
        assert "in the stack:" not in result.stdout, "it is no app"
        assert (
            "next: optimizer sam template.yaml --spec GetOrder=get-order.image.toml --spec PutOrder=get-order.image.toml "
            "--spec Report=report.image.toml --write\n"
        ) in result.stdout
        assert "2 specs for 3 functions" in result.stdout

    def test_a_function_without_a_dockerfile_is_named(self) -> None:
        Path("template.yaml").write_text(
            TEMPLATE + "  Foreign:\n    Type: AWS::Serverless::Function\n    Properties: {ImageUri: 1.dkr.ecr.x.amazonaws.com/a:1}\n"
        )
        result = init("--from", "template.yaml")
        assert result.exit_code == 1
        assert (
            "no proposal:\n  Foreign: the template does not build its image\n    by hand: name its Dockerfile: optimizer init"
            in result.stdout
        )

    def test_a_function_without_a_runtime_leaves_the_others_their_proposals(self) -> None:
        Path("functions/report/Dockerfile.report").write_text("FROM alpine:3\nCOPY index.mjs .\n")
        result = init("--from", "template.yaml")
        assert result.exit_code == 1
        assert [path.name for path in Path().glob("*.image.toml")] == ["get-order.image.toml"]
        assert 'Report: functions/report/Dockerfile.report:1: the runtime cannot be seen from the base image "alpine:3"' in result.stdout
        assert "by hand: name the runtime with --runtime, for example" in result.stdout

    def test_a_runtime_that_is_given_holds_where_no_base_image_tells(self) -> None:
        Path("functions/report/Dockerfile.report").write_text("FROM alpine:3\nCOPY index.mjs .\n")
        result = init("--from", "template.yaml", "--runtime", "nodejs22.x")
        specs = {path.name: ImageSpec.load(path).runtime for path in Path().glob("*.image.toml")}
        assert specs == {"get-order.image.toml": "python3.13", "report.image.toml": "nodejs22.x"}
        assert "the base image is one of python3.13, so the proposal is not for nodejs22.x" in result.stdout

    def test_a_runtime_of_another_family_does_not_win_over_the_name_of_the_base(self) -> None:
        Path("Dockerfile").write_text("FROM python:3.12-slim\nCOPY app.py /var/task/\n")
        Path("app.py").write_text("")
        for given, taken in (("nodejs22.x", "python3.12"), ("python3.13", "python3.13")):
            assert init("--from", "Dockerfile", "--runtime", given, "--force").exit_code == 1
            assert [ImageSpec.load(path).runtime for path in Path().glob("*.image.toml")] == [taken]

    def test_a_context_outside_of_the_project_leaves_the_others_their_proposals(self, tmp_path: Path) -> None:
        Path("inner").mkdir()
        (Path("inner") / "template.yaml").write_text(TEMPLATE.replace("functions/", "../functions/", 1) + "  ")
        (Path("inner") / "functions" / "report").mkdir(parents=True)
        for name in ("Dockerfile.report", "index.mjs"):
            Path("inner/functions/report", name).write_text(Path("functions/report", name).read_text())
        result = init("--from", "inner/template.yaml", "--root", "inner")
        assert result.exit_code == 1, result.output
        assert [path.name for path in Path().glob("*.image.toml")] == ["report.image.toml"]
        assert "GetOrder: the build context" in result.stdout and "is outside of the project" in result.stdout

    def test_parameters_with_defaults(self) -> None:
        Path("template.yaml").write_text(
            "Parameters: {Arch: {Type: String, Default: arm64}, File: {Type: String, Default: Dockerfile}}\n"
            + TEMPLATE.replace("[arm64]", "[!Ref Arch]").replace("Dockerfile: Dockerfile\n", "Dockerfile: !Sub '${File}'\n")
        )
        result = init("--from", "template.yaml")
        assert ImageSpec.load("get-order.image.toml").architecture == "arm64"
        assert "2 specs for 3 functions" in result.stdout
        assert "nothing sets the architecture" not in result.stdout

    def test_what_only_a_deployment_knows_is_named(self) -> None:
        Path("template.yaml").write_text(
            "Parameters: {Arch: {Type: String}}\n"
            + TEMPLATE.replace("[arm64]", "[!Ref Arch]").replace("Dockerfile.report", "!Ref Arch")
            + "  Far: {Type: AWS::Serverless::Application, Properties: {Location: {ApplicationId: a, SemanticVersion: 1.0.0}}}\n"
        )
        with open("template.yaml", "a") as file:
            file.write("  Lost: {Type: AWS::Serverless::Application, Properties: {Location: lost/template.yaml}}\n")
        result = init("--from", "template.yaml")
        assert result.exit_code == 1
        assert '  template.yaml:25: the template of Lost: "lost/template.yaml" does not exist\n' in result.stdout
        assert "1 spec for 3 functions" in result.stdout
        reason = 'is unknown: the parameter "Arch" has no default, and nothing sets it'
        assert f"  not carried over:\n    Architectures of GetOrder {reason}" in result.stdout
        assert f"  Report: Dockerfile of Report {reason}" in result.stdout
        assert "  template.yaml:24: what the functions of Far are is unknown: its template is not in the project" in result.stdout

    def test_a_dockerfile_that_does_not_exist(self) -> None:
        """Issue 14: it was "not readable as a file of at most 4 MB"."""
        Path("functions/api/Dockerfile").unlink()
        result = init("--from", "template.yaml")
        assert result.exit_code == 1
        assert '  GetOrder: the Dockerfile of GetOrder: "functions/api/Dockerfile" does not exist\n' in result.stdout

    def test_fails_for_a_template_without_image_functions(self) -> None:
        Path("template.yaml").write_text("Resources: {}\n")
        assert fails("--from", "template.yaml").startswith('template.yaml: "template.yaml" has no image function')

    def test_fails_for_a_template_that_cannot_be_read(self) -> None:
        Path("template.yaml").write_text("Resources: [\n")
        message, hint = fails("--from", "template.yaml").split("\n  hint: ")
        assert message.startswith('template.yaml:2:1: "template.yaml" shows no image function: not readable as YAML: ')
        assert hint == "fix the template"

    def test_fails_when_no_function_has_a_runtime(self) -> None:
        for name in ("functions/api/Dockerfile", "functions/report/Dockerfile.report"):
            Path(name).write_text("FROM scratch\n")
        assert fails("--from", "template.yaml").count("the runtime cannot be seen from") == 3


class TestApp:
    def synth(self, *, optimized: bool = False) -> None:
        app = cdk.App(outdir=os.path.abspath("cdk.out"))
        stack = cdk.Stack(app, "Shop")
        for name, command in (("Get", ["app.get"]), ("Put", ["app.put"])):
            lambda_.DockerImageFunction(
                stack,
                name,
                code=lambda_.DockerImageCode.from_image_asset(os.path.abspath("functions/api"), cmd=command),
                architecture=lambda_.Architecture.ARM_64,
            )
        if optimized:
            pin = LockedImage(
                reference=base_image("python3.13").reference, digest="sha256:" + "5" * 64, resolved=datetime.date(2026, 11, 1)
            )
            Path("optimizer.lock").write_text(Lock().with_images([pin]).render())
            spec = ImageSpec(runtime="python3.13", steps=[SourceCode("functions/api")])
            OptimizedFunction(stack, "Moved", spec=spec, handler="app.handler")
        app.synth()

    def test_finds_the_sources_of_its_assets(self) -> None:
        self.synth()
        result = init("--from", "cdk.out")
        assert result.exit_code == 0, result.output
        assert ImageSpec.load("get.image.toml") == ImageSpec(
            runtime="python3.13",
            architecture="arm64",
            steps=[PythonDependencies("functions/api/requirements.txt"), SourceCode("functions/api/app.py")],
        )
        assert "# Functions: Shop/Get, Shop/Put\n" in Path("get.image.toml").read_text()
        assert "from functions/api/Dockerfile  (Shop/Get, Shop/Put)" in result.stdout
        assert 'OptimizedFunction(self, "Put", spec=ImageSpec.load("get.image.toml"), handler="app.put")' in result.stdout

    def test_functions_with_a_spec_are_left_alone(self) -> None:
        self.synth(optimized=True)
        result = init("--from", "cdk.out")
        assert result.exit_code == 0, result.output
        assert "no proposal:\n  Shop/Moved: it has a spec already\n" in result.stdout

    def test_sources_that_cannot_be_told(self) -> None:
        self.synth()
        Path("functions/copy").mkdir()
        for name in ("Dockerfile", "app.py", "requirements.txt"):
            Path("functions/copy", name).write_bytes(Path("functions/api", name).read_bytes())
        result = init("--from", "cdk.out")
        assert result.exit_code == 1
        assert "Shop/Get: the directories functions/api, functions/copy all have the files that its image is built from" in result.stdout
        Path("functions/copy/app.py").unlink()
        Path("functions/api/app.py").write_text("changed since\n")
        assert "Shop/Get: no directory of the project has the files that its image is built from" in init("--from", "cdk.out").stdout

    def test_a_second_output_directory_is_no_source(self) -> None:
        """Issue 14: the copies of assets in another assembly were taken for directories that people wrote."""
        self.synth()
        shutil.copytree("cdk.out", "build/production")
        for path in ("cdk.out", "build/production"):
            result = init("--from", path, "--force")
            assert result.exit_code == 0, result.output
            spec = ImageSpec.load("get.image.toml")
            assert [step.source for step in spec.steps if isinstance(step, SourceCode)] == ["functions/api/app.py"]

    @pytest.mark.parametrize("path", ["cdk.json", "."])
    def test_an_app_that_is_not_synthesized(self, path: str) -> None:
        assert fails("--from", path).endswith("hint: synthesize it first: cdk synth; then: optimizer init --from cdk.out")


class TestStart:
    @pytest.mark.parametrize(
        ("runtime", "files", "kinds"),
        [
            ("python3.13", ["uv.lock", "pyproject.toml", "app.py"], ["python-dependencies", "source-code"]),
            ("nodejs22.x", ["index.mjs"], ["source-code"]),
            ("java21", ["pom.xml"], ["java-build"]),
            ("provided.al2023", ["go.mod"], ["go-build"]),
            ("dotnet10", ["a.csproj"], ["dotnet-build"]),
        ],
    )
    def test_a_spec_for_what_a_directory_holds(self, runtime: str, files: list[str], kinds: list[str]) -> None:
        Path("orders").mkdir()
        for name in files:
            Path("orders", name).write_text("<project/>" if name == "pom.xml" else "")
        result = init("orders", "--runtime", runtime)
        assert result.exit_code == 0, result.output
        spec = ImageSpec.load("orders.image.toml")
        assert (spec.runtime, [step.kind for step in spec.steps]) == (runtime, kinds)
        assert "next: optimizer pin" in result.stdout

    def test_what_comes_next_has_the_options_that_were_given(self) -> None:
        """Without the mirror, the command that is proposed asks a registry that cannot be reached."""
        Path("orders").mkdir()
        Path("orders/go.mod").write_text("module orders\n")
        result = init("orders", "--runtime", "provided.al2023", "--mirror", "mirror.example.com/aws", "--lock", "my pins.lock")
        assert "next: optimizer pin --lock 'my pins.lock' --mirror mirror.example.com/aws\n" in result.stdout
        assert "next: optimizer plan orders.image.toml --lock 'my pins.lock' --mirror mirror.example.com/aws" in result.stdout

    TYPESCRIPT: ClassVar = {
        "package.json": '{"name": "x", "scripts": {"build": "tsc --project tsconfig.json"}, "devDependencies": {"typescript": "^5"}}',
        "package-lock.json": '{"name": "x", "lockfileVersion": 3, "requires": true, "packages": {"": {"name": "x"}}}',
        "tsconfig.json": '{\n  // "outDir": "old",\n  "compilerOptions": {"outDir": "./dist"},\n}\n',
        "src/index.ts": "export const handler = async () => 1;\n",
    }

    def start(self, files: dict[str, str]) -> Result:
        for name, text in files.items():
            Path("ts", name).parent.mkdir(parents=True, exist_ok=True)
            Path("ts", name).write_text(text)
        return init("ts", "--runtime", "nodejs22.x", "--force")

    def test_typescript_is_compiled(self) -> None:
        """Issue 14: uncompiled sources were proposed, with exit code 0."""
        result = self.start(self.TYPESCRIPT)
        assert result.exit_code == 0, result.output
        assert ImageSpec.load("ts.image.toml").steps == (NodeDependencies("ts/package-lock.json"), NodeBuild("ts", script="build"))
        assert (
            'note: the code in "ts" is TypeScript: the step "node-build-ts" builds it with the script "build" of package.json'
            in result.stdout
        )
        assert 'handler="index.handler"' in result.stdout

    @pytest.mark.parametrize(
        ("script", "output", "packages"),
        [
            ("esbuild src/index.ts --bundle --platform=node --outfile=out/index.js", "out", False),
            ("tsc --outDir lib", "lib", True),
            ("node esbuild.mjs --outdir=made/js", "made/js", True),
        ],
    )
    def test_where_the_script_puts_what_it_makes(self, script: str, output: str, packages: bool) -> None:
        self.start({**self.TYPESCRIPT, "package.json": json.dumps({"scripts": {"build": script}})})
        steps = ImageSpec.load("ts.image.toml").steps
        assert steps[-1] == NodeBuild("ts", script="build", output=output)
        # A bundle holds the packages that it needs, which a program of one's own may or may not see to.
        assert [type(step) for step in steps[:-1]] == [NodeDependencies] * packages

    @pytest.mark.parametrize("without", ["package.json", "tsconfig.json"])
    def test_without_a_script_whose_output_is_known_the_entries_are_bundled(self, without: str) -> None:
        files = {**self.TYPESCRIPT, "src/refunds.ts": "export const handler = async () => 2;\n"}
        if without == "package.json":
            files["package.json"] = '{"name": "x"}'
        else:
            del files[without]
        result = self.start(files)
        assert result.exit_code == 0, result.output
        assert ImageSpec.load("ts.image.toml").steps == (NodeBuild("ts", entries=["src/index.ts", "src/refunds.ts"]),)
        assert "bundles src/index.ts, src/refunds.ts with esbuild" in result.stdout
        assert 'handler="index.handler"' in result.stdout
        assert "refunds.handler" in result.stdout

    def test_a_member_of_a_workspace_is_built_with_the_lock_above(self) -> None:
        lock = {"lockfileVersion": 3, "packages": {"": {"workspaces": ["ts"]}, "node_modules/x": {"resolved": "ts", "link": True}}}
        Path("package.json").write_text('{"workspaces": ["ts"]}', encoding="utf-8")
        Path("package-lock.json").write_text(json.dumps(lock), encoding="utf-8")
        self.start({name: text for name, text in self.TYPESCRIPT.items() if name != "package-lock.json"})
        assert ImageSpec.load("ts.image.toml").steps == (
            NodeDependencies("package-lock.json", package="x"),
            NodeBuild("ts", script="build"),
        )

    @pytest.mark.parametrize("without", ["package.json", "package-lock.json"])
    def test_typescript_that_nothing_locks_is_not_carried(self, without: str) -> None:
        result = self.start({name: text for name, text in self.TYPESCRIPT.items() if name != without})
        assert result.exit_code == 1
        assert 'the code in "ts" is TypeScript, which the runtime does not run' in result.stdout
        assert "# Not carried over:\n" in Path("ts.image.toml").read_text()
        assert not any(isinstance(step, SourceCode) for step in ImageSpec.load("ts.image.toml").steps)

    def test_fails_for_no_directory(self) -> None:
        assert fails("nowhere", "--runtime", "python3.13") == (
            'nowhere: "nowhere" is not a directory of the project\n  hint: name the directory of the function\'s code'
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "nowhere/Dockerfile"], '"nowhere/Dockerfile" does not exist'),
        (["--from", "functions/api/app.py"], '"functions/api/app.py" is a program; optimizer init --from takes a Dockerfile'),
        (["--from", "functions"], '"functions" is a directory, but not a synthesized CDK app'),
        (["--from", "functions/api/Dockerfile", "--runtime", "python9"], 'unknown runtime "python9"'),
        (["--from", "functions/api/Dockerfile", "--context", "nowhere"], 'the build context "nowhere" does not exist'),
        (
            ["--from", "functions/api/Dockerfile", "--root", "functions/report"],
            'the build context "functions/api" is outside of the project',
        ),
    ],
)
def test_fails_for_wrong_input(arguments: list[str], message: str) -> None:
    assert message in fails(*arguments)


@pytest.mark.parametrize("arguments", [["x", "--from", "Dockerfile"], ["--from", "template.yaml", "--context", "."]])
def test_fails_for_wrong_usage(arguments: list[str]) -> None:
    assert init(*arguments).exit_code == 2


def test_the_example_of_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs" / "init.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```console\n\$ cat (.*?)```", text, re.DOTALL)
    dockerfile, report, spec = re.split(r"^\$ (?:optimizer|cat) .*\n", example, flags=re.MULTILINE)
    path, content = dockerfile.split("\n", 1)
    for name, data in {"app.py": "", "build_index.py": "", "requirements.txt": "idna==3.10\n", ".dockerignore": "tests\n*.md\n"}.items():
        Path(path).parent.mkdir(exist_ok=True)
        (Path(path).parent / name).write_text(data)
    Path(path).write_text(content)
    result = init("--from", path)
    assert result.stdout == report
    assert Path("orders.image.toml").read_text() == spec
    assert result.exit_code == 1
