"""``optimizer init`` without a Dockerfile, template or runtime: a look at what a project has.

Requirement: "a first spec, lock, configuration and ignore files in the style
found there; asks little, guesses well from the files present, says what it
guessed".
"""

from __future__ import annotations

import datetime
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from click.testing import CliRunner, Result

from optimizer import GoBuild, ImageSpec, NodeDependencies, PythonDependencies, SourceCode
from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import Lock, LockedImage
from optimizer.cdk import OptimizedFunction
from optimizer.cli.main import optimizer
from optimizer.cli.pinning import Resolved
from optimizer.errors import OptimizerError
from optimizer.model.reference import ImageReference
from optimizer.planning.plan import required_images
from tests.cli.first_projects import specs, write
from tests.cli.terminal import Program

HANDLER = "def handler(event, context):\n    return 1\n"
NODE = "export const handler = async () => 1;\n"
GO = 'package main\n\nimport "github.com/aws/aws-lambda-go/lambda"\n\nfunc main() { lambda.Start(handle) }\n'


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    top = tmp_path / "shop"
    top.mkdir()
    monkeypatch.chdir(top)
    return top


def init(*arguments: str) -> Result:
    return CliRunner().invoke(optimizer, ["init", *arguments])


class TestNothing:
    def test_an_empty_directory_is_told_what_to_do(self) -> None:
        result = init()
        assert isinstance(result.exception, OptimizerError)
        assert str(result.exception) == (
            'nothing in "." shows a function: no code with a handler, no Dockerfile, no template, no CDK app\n'
            "  hint: write the function's code first, for example app.py with def handler(event, context); "
            "or name its directory and runtime: optimizer init functions/api --runtime python3.14"
        )
        assert not list(Path().iterdir())

    def test_a_runtime_is_enough_for_a_spec(self) -> None:
        result = init("--runtime", "python3.13")
        assert result.exit_code == 0, result.output
        spec = specs()["shop"]
        assert spec.runtime == "python3.13"
        (code,) = spec.steps
        assert isinstance(code, SourceCode)
        # What stands beside the code at the top of a project is no part of the function.
        assert code.source == "." and {"*.image.toml", "optimizer.lock", "tests"} <= set(code.exclude)
        assert "guess: python3.13" not in result.stdout

    def test_fails_for_a_directory_that_is_not_there(self) -> None:
        assert str(init("nowhere").exception).startswith('nowhere: "nowhere" is not a directory of the project')

    def test_a_file_is_for_another_option(self) -> None:
        write({"Dockerfile": "FROM scratch\n"})
        assert str(init("Dockerfile").exception) == (
            'Dockerfile: "Dockerfile" is not a directory of the project\n'
            "  hint: for one Dockerfile, template or app: optimizer init --from Dockerfile"
        )


class TestCode:
    def test_each_guess_has_its_reason(self) -> None:
        write({"app.py": HANDLER, "requirements.txt": "idna==3.10\n", ".python-version": "3.13\n"})
        result = init()
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout == (
            "shop.image.toml\n"
            "  guess: python3.13: .python-version says 3.13\n"
            "  guess: x86_64: nothing sets the architecture, and it is Lambda's default\n"
            "  guess: requirements.txt: the file of packages, in its directory\n"
            "  guess: handler app.handler: app.py defines it\n"
            "\n"
            "in the stack:\n"
            "  from optimizer import ImageSpec\n"
            "  from optimizer.cdk import OptimizedFunction\n"
            '  OptimizedFunction(self, "Shop", spec=ImageSpec.load("shop.image.toml"), handler="app.handler")\n'
            "\n"
            "1 spec\n"
            "next: optimizer pin\n"
            "next: optimizer plan shop.image.toml\n"
        )

    def test_a_monorepo_has_a_spec_for_each_function(self) -> None:
        write(
            {
                ".python-version": "3.12\n",
                "services/api/app.py": HANDLER,
                "services/api/requirements.txt": "idna==3.10\n",
                "services/api/tests/test_app.py": HANDLER,
                "services/report/index.mjs": NODE,
                "services/report/package.json": '{"name": "report", "engines": {"node": "22"}}',
                "services/pay/go.mod": "module pay\n\ngo 1.23\n",
                "services/pay/cmd/charge/main.go": GO,
                "services/pay/cmd/refund/main.go": GO,
                "libs/shared/pyproject.toml": '[project]\nname = "shared"\n',
            }
        )
        result = init()
        assert result.exit_code == 0, result.output
        found = specs()
        assert {name: spec.runtime for name, spec in found.items()} == {
            "api": "python3.12",
            "charge": "provided.al2023",
            "refund": "provided.al2023",
            "report": "nodejs22.x",
        }
        assert found["api"].steps == (PythonDependencies("services/api/requirements.txt"), SourceCode("services/api"))
        assert found["refund"].steps == (GoBuild("services/pay", package="cmd/refund"),)
        assert "libs/shared/pyproject.toml: nothing beside it defines a handler, so it is taken for no function" in result.stdout

    def test_a_directory_alone_is_looked_at_with_what_stands_above_it(self) -> None:
        write({"a/app.py": HANDLER, "b/app.py": HANDLER, ".python-version": "3.11\n"})
        assert init("a").exit_code == 0
        assert {name: spec.runtime for name, spec in specs().items()} == {"a": "python3.11"}

    def test_the_lock_of_a_workspace_is_named_with_its_member(self) -> None:
        lock = {
            "name": "top",
            "lockfileVersion": 3,
            "packages": {"": {"name": "top", "workspaces": ["fn/*"]}, "fn/api": {"name": "@shop/api"}},
        }
        write(
            {
                "package.json": '{"name": "top", "workspaces": ["fn/*"]}',
                "package-lock.json": json.dumps(lock),
                "fn/api/package.json": '{"name": "@shop/api", "dependencies": {"x": "1"}}',
                "fn/api/index.js": "exports.handler = async () => 1;\n",
            }
        )
        result = init("--format", "json")
        (file,) = json.loads(result.stdout)["files"]
        assert specs()["api"].steps[0] == NodeDependencies("package-lock.json", package="@shop/api")
        guesses = {guess["value"]: guess["reason"] for guess in file["functions"][0]["guesses"]}
        assert guesses["package-lock.json"] == "the lock of npm, the nearest above its directory; its member @shop/api"

    def test_packages_without_a_lock_are_not_carried(self) -> None:
        write({"index.mjs": NODE, "package.json": '{"dependencies": {"left-pad": "1"}}', ".nvmrc": "lts/jod\n"})
        result = init()
        assert result.exit_code == 1
        assert specs()["shop"].runtime == "nodejs22.x"
        assert '"package.json" names packages, and no lock file beside it has their versions' in result.stdout
        assert "make one, and run init again: npm install --package-lock-only" in result.stdout

    def test_several_handlers_share_an_image(self) -> None:
        write({"api/create.py": HANDLER, "api/list.py": HANDLER})
        result = init()
        assert list(specs()) == ["api"]
        assert "further handlers in it, for functions that share the image: list.handler" in result.stdout

    def test_files_of_two_languages_without_a_handler_are_a_question(self) -> None:
        write({"requirements.txt": "", "package.json": "{}"})
        result = init()
        assert result.exit_code == 1 and not specs()
        assert "  .: it has files of Python and of Node.js, and none defines a handler\n" in result.stdout
        assert "by hand: optimizer init . --runtime python3.14 or optimizer init . --runtime nodejs24.x\n" in result.stdout

    def test_a_handler_decides_between_two_languages(self) -> None:
        write({"app.py": HANDLER, "package.json": '{"devDependencies": {"prettier": "3"}}'})
        assert init().exit_code == 0
        assert specs()["shop"].runtime == "python3.14"

    def test_files_that_contradict_one_another_are_a_question(self) -> None:
        write({"app.py": HANDLER, ".python-version": "3.12\n", "pyproject.toml": '[project]\nname = "x"\nrequires-python = ">=3.13"\n'})
        result = init()
        assert result.exit_code == 1 and not specs()
        assert (
            "no runtime fits all that is written: .python-version says 3.12; requires-python of pyproject.toml says >=3.13" in result.stdout
        )
        assert "by hand: optimizer init . --runtime python3.12 or optimizer init . --runtime python3.14\n" in result.stdout

    @pytest.mark.parametrize(
        ("files", "said"),
        [
            (
                {"app.py": HANDLER, ".python-version": "3.7.9\n"},
                ".python-version says 3.7.9, and python3.7 is retired since 2023-12-04\n    by hand: optimizer init . --runtime python3.14\n",
            ),
            (
                {"index.js": "exports.handler = async () => 1;\n", ".nvmrc": "v16.20.0\n"},
                ".nvmrc says v16.20.0, and nodejs16.x is retired since 2024-06-12\n    by hand: optimizer init . --runtime nodejs24.x\n",
            ),
            ({"app.py": HANDLER, ".python-version": "3.99\n"}, ".python-version says 3.99, and Lambda has no such runtime\n"),
        ],
    )
    def test_a_runtime_that_lambda_does_not_have(self, files: dict[str, str], said: str) -> None:
        write(files)
        result = init()
        assert result.exit_code == 1 and not specs()
        assert said in result.stdout

    def test_a_deprecated_runtime_is_taken_and_called_so(self) -> None:
        write({"app.py": HANDLER, ".python-version": "3.9\n"})
        assert "guess: python3.9: .python-version says 3.9; deprecated since 2025-12-15" in init().stdout
        assert specs()["shop"].runtime == "python3.9"

    def test_a_language_without_steps_is_named(self) -> None:
        write({"web/composer.json": "{}", "api/app.py": HANDLER})
        result = init()
        assert result.exit_code == 1
        assert list(specs()) == ["api"]
        assert (
            "  web/composer.json: PHP has no steps of its own here\n"
            "    by hand: build it with command steps: optimizer init web --runtime provided.al2023\n"
        ) in result.stdout


class TestSecondRun:
    def test_adds_what_is_new_and_leaves_the_rest_alone(self) -> None:
        write({"api/app.py": HANDLER, "img/Dockerfile": 'FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ./\nCMD ["app.handler"]\n'})
        write({"img/app.py": HANDLER})
        assert init().exit_code == 0
        assert list(specs()) == ["api", "img"]
        Path("api.image.toml").write_text("# mine\n" + Path("api.image.toml").read_text())
        write({"late/app.py": HANDLER})
        result = init()
        assert result.exit_code == 0, result.output
        assert list(specs()) == ["api", "img", "late"]
        assert Path("api.image.toml").read_text().startswith("# mine\n")
        assert "  api: it has a spec already, in api.image.toml\n" in result.stdout
        assert "  img.image.toml: it is there already; --diff shows what would be proposed\n" in result.stdout

    def test_programs_of_one_module_are_known_one_by_one(self) -> None:
        write({"go.mod": "module shop\n\ngo 1.23\n", "cmd/charge/main.go": GO})
        init()
        write({"cmd/refund/main.go": GO, "fn/app.py": HANDLER})
        result = init()
        assert list(specs()) == ["charge", "fn", "refund"]
        assert "  cmd/charge: it has a spec already, in charge.image.toml\n" in result.stdout

    def test_a_dockerfile_at_the_top_is_not_all_that_a_project_has(self) -> None:
        dockerfile = 'FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ./\nCMD ["app.handler"]\n'
        write({"Dockerfile": dockerfile, "app.py": HANDLER, "fn/app.py": HANDLER})
        assert init().exit_code == 0
        assert list(specs()) == ["fn", "shop"]
        assert specs()["shop"].runtime == "python3.13"

    def test_force_writes_them_again(self) -> None:
        write({"api/app.py": HANDLER})
        init()
        Path("api.image.toml").write_text('runtime = "python3.13"\n[[steps]]\nkind = "source-code"\nsource = "api"\n')
        assert '-runtime = "python3.13"\n+runtime = "python3.14"\n' in init("--diff").stdout
        assert init("--force").exit_code == 0
        assert specs()["api"].runtime == "python3.14"


class TestCdk:
    APP: ClassVar[dict[str, str]] = {
        "cdk.json": '{"app": "python3 app.py"}',
        "app.py": "import aws_cdk\n",
        "requirements.txt": "aws-cdk-lib==2.275.0\n",
        ".python-version": "3.13\n",
        "lambda/api/index.py": HANDLER,
    }

    def test_the_program_of_the_app_is_no_function(self) -> None:
        write(self.APP)
        result = init()
        assert result.exit_code == 0, result.output
        # Its requirements are those of CDK.
        assert {name: spec.steps for name, spec in specs().items()} == {"api": (SourceCode("lambda/api"),)}
        assert result.stdout.startswith("found: a CDK app in ., in Python, not synthesized\n")
        assert Path(".gitignore").read_text() == "cdk.out/\n"
        assert "beside the specs:\n  .gitignore: cdk.out/  (tools write there, and nothing of it is a source)\n" in result.stdout

    def test_a_runtime_that_the_stacks_name(self) -> None:
        write({**self.APP, "stacks/shop.py": "x = lambda_.Runtime.PYTHON_3_12\n"})
        Path(".python-version").unlink()
        assert "guess: python3.12: stacks/shop.py names it, and no other for Python" in init().stdout

    def test_two_runtimes_that_the_stacks_name_say_nothing(self) -> None:
        write({**self.APP, "stacks/shop.py": "x = Runtime.PYTHON_3_12, Runtime.PYTHON_3_11\n"})
        Path(".python-version").unlink()
        assert "guess: python3.14: nothing in the project names a version of Python" in init().stdout

    def test_an_app_beside_its_functions(self) -> None:
        write(
            {
                f"infra/{name}" if name in ("cdk.json", "app.py") else name: text
                for name, text in self.APP.items()
                if name != "requirements.txt"
            }
        )
        result = init()
        assert result.exit_code == 0, result.output
        assert 'spec=ImageSpec.load("../api.image.toml")' in result.stdout
        assert 'by hand: in infra/cdk.json: "context": {"optimizer:root": ".."}\n' in result.stdout
        assert Path(".gitignore").read_text() == "cdk.out/\n"

    def test_from_the_directory_of_the_app(self, monkeypatch: pytest.MonkeyPatch) -> None:
        write({"infra/cdk.json": '{"app": "python3 app.py", "context": {"optimizer:root": ".."}}', "lambda/api/index.py": HANDLER})
        monkeypatch.chdir("infra")
        result = init()
        assert result.exit_code == 0, result.output
        assert specs()["api"].steps == (SourceCode("lambda/api"),)
        assert 'spec=ImageSpec.load("api.image.toml")' in result.stdout
        assert "optimizer:root" not in result.stdout
        assert Path("../.gitignore").read_text() == "cdk.out/\n"

    def test_an_app_in_another_language(self) -> None:
        write({"cdk.json": '{"app": "npx ts-node bin/app.ts"}', "package.json": "{}", "bin/app.ts": "", "lambda/a/index.mjs": NODE})
        result = init()
        assert "found: a CDK app in ., in another language than Python, not synthesized\n" in result.stdout
        assert "in the stack:" not in result.stdout
        assert (
            "by hand: OptimizedFunction is for apps in Python; in ., build a context with optimizer render SPEC --output DIRECTORY"
            in result.stdout
        )

    def synth(self) -> None:
        app = cdk.App(outdir=os.path.abspath("cdk.out"))
        stack = cdk.Stack(app, "Shop")
        pin = LockedImage(reference=base_image("python3.13").reference, digest="sha256:" + "5" * 64, resolved=datetime.date(2026, 11, 1))
        Path("optimizer.lock").write_text(Lock().with_images([pin]).render())
        spec = ImageSpec(runtime="python3.13", steps=[SourceCode("lambda/api")])
        OptimizedFunction(stack, "Api", spec=spec, handler="index.handler")
        code = lambda_.DockerImageCode.from_image_asset(os.path.abspath("lambda/img"))
        lambda_.DockerImageFunction(stack, "Old", code=code)
        app.synth()

    def test_a_synthesized_app_tells_which_functions_have_a_spec(self) -> None:
        dockerfile = 'FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ./\nCMD ["app.handler"]\n'
        write({**self.APP, "lambda/img/Dockerfile": dockerfile, "lambda/img/app.py": HANDLER})
        self.synth()
        result = init()
        assert result.exit_code == 0, result.output
        # The Dockerfile in the project and its copy in the output are one.
        assert list(specs()) == ["old"]
        assert "  lambda/api: it has a spec already, in cdk.out\n" in result.stdout
        assert "  Shop/Api: it has a spec already\n" in result.stdout

    def test_an_app_with_specs_must_be_synthesized_first(self) -> None:
        write({**self.APP, "app.py": "from optimizer.cdk import OptimizedFunction\n"})
        result = init()
        assert result.exit_code == 1 and not specs()
        assert "lambda/api: the app in . has specs, and is not synthesized: which code they are for is not known" in result.stdout
        assert "by hand: run cdk synth, and then init again" in result.stdout

    def test_a_dockerfile_that_is_not_for_lambda_is_left_alone(self) -> None:
        write({**self.APP, "web/Dockerfile": "FROM nginx\nCOPY . /usr/share/nginx\n"})
        result = init()
        assert result.exit_code == 0, result.output
        assert "  web/Dockerfile: nothing in it, or beside it, shows that Lambda runs the image\n" in result.stdout


TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Architectures: [arm64]
Resources:
  HelloWorldFunction:
    Type: AWS::Serverless::Function
    Properties:
      PackageType: Image
    Metadata:
      Dockerfile: Dockerfile
      DockerContext: ./hello_world
"""
ZIPPED = """\
  Pay:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: pay/
      Handler: app.charge
      Runtime: python3.12
"""


class TestSam:
    FILES: ClassVar[dict[str, str]] = {
        "template.yaml": TEMPLATE,
        "samconfig.yaml": "version: 0.1\n",
        "hello_world/__init__.py": "",
        "hello_world/app.py": "def lambda_handler(event, context):\n    return 1\n",
        "hello_world/requirements.txt": "requests\n",
        # As `sam init` leaves it for python3.13.
        "hello_world/Dockerfile": (
            "FROM public.ecr.aws/lambda/python:3.13\n\nCOPY app.py requirements.txt ./\n\n"
            'RUN python3.13 -m pip install -r requirements.txt -t .\n\nCMD ["app.lambda_handler"]\n'
        ),
        "tests/unit/test_handler.py": "def test_lambda_handler(event, context): ...\n",
    }

    def test_the_template_of_sam_init(self) -> None:
        write(self.FILES)
        result = init()
        assert result.exit_code == 0, result.output
        assert result.stdout.startswith("found: a SAM template, template.yaml, with samconfig.yaml\n")
        assert specs() == {
            "hello-world-function": ImageSpec(
                runtime="python3.13",
                architecture="arm64",
                steps=[PythonDependencies("hello_world/requirements.txt"), SourceCode("hello_world/app.py")],
            )
        }
        assert result.stdout.endswith(
            "next: optimizer sam template.yaml --spec HelloWorldFunction=hello-world-function.image.toml --write\n"
        )
        assert "in the stack:" not in result.stdout
        assert Path(".gitignore").read_text() == ".aws-sam/\n.optimizer/\n"
        assert Path("template.yaml").read_text() == TEMPLATE

    def pinned(self) -> None:
        """A lock with every image that the specs need; the digests are made up."""
        references = {reference for spec in specs().values() for reference in required_images(spec)}
        pins = [LockedImage(reference=item, digest="sha256:" + "5" * 64, resolved=datetime.date(2026, 11, 1)) for item in references]
        Path("optimizer.lock").write_text(Lock().with_images(pins).render())

    def test_the_next_command_takes_what_was_written(self) -> None:
        write(self.FILES)
        command = init().stdout.splitlines()[-1].removeprefix("next: optimizer ").split()
        self.pinned()
        result = CliRunner().invoke(optimizer, command)
        assert result.exit_code == 0, (result.output, result.exception)
        assert "ImageSpec: hello-world-function.image.toml" in Path("template.yaml").read_text()
        assert "use_buildkit: true" in Path("samconfig.yaml").read_text()

    def test_what_is_to_be_done_by_hand_is_enough_for_a_function_without_an_image(self) -> None:
        head = TEMPLATE.split("Resources")[0] + "Resources:\n"
        write({"template.yaml": head + ZIPPED, "pay/app.py": "def charge(event, context): ...\n"})
        init()
        self.pinned()
        write(
            {
                "template.yaml": head
                + ZIPPED.split("      CodeUri")[0]
                + "      PackageType: Image\n      ImageConfig: {Command: [app.charge]}\n"
            }
        )
        result = CliRunner().invoke(optimizer, ["sam", "template.yaml", "--spec", "Pay=pay.image.toml", "--write"])
        assert result.exit_code == 0, (result.output, result.exception)
        assert "DockerContext: .optimizer/pay" in Path("template.yaml").read_text()

    def test_code_that_runs_without_an_image(self) -> None:
        write(
            {"template.yaml": TEMPLATE.split("Resources")[0] + "Resources:\n" + ZIPPED, "pay/app.py": "def charge(event, context): ...\n"}
        )
        result = init()
        assert result.exit_code == 0, result.output
        (spec,) = specs().values()
        assert (spec.runtime, spec.architecture) == ("python3.12", "arm64")
        assert 'found: "template.yaml" has no image function\n' in result.stdout
        assert "guess: python3.12: template.yaml says so of Pay\n" in result.stdout
        assert "guess: arm64: template.yaml says so of Pay\n" in result.stdout
        assert (
            "by hand: in template.yaml, give Pay PackageType: Image and ImageConfig: {Command: [app.charge]} in place of Runtime, Handler "
            "and CodeUri; then optimizer sam template.yaml --spec Pay=pay.image.toml --write\n"
        ) in result.stdout

    def test_a_template_that_cannot_be_read_is_named(self) -> None:
        write({"template.yaml": "Transform: AWS::Serverless-2016-10-31\nResources: [\n", "a/app.py": HANDLER})
        result = init()
        assert result.exit_code == 1
        assert list(specs()) == ["a"]
        assert "no proposal:\n  template.yaml: " in result.stdout


class TestBeside:
    APP: ClassVar[dict[str, str]] = {"cdk.json": '{"app": "python3 app.py"}', "lambda/api/index.py": HANDLER}

    def test_what_exists_is_changed_with_yes_alone(self) -> None:
        write({**self.APP, ".gitignore": "*.swp"})
        result = init()
        assert Path(".gitignore").read_text() == "*.swp"
        assert "  .gitignore: not changed; it lacks cdk.out/, which --yes adds" in result.stdout
        assert init("--yes").exit_code == 0
        assert Path(".gitignore").read_text() == "*.swp\ncdk.out/\n"
        assert "beside the specs" not in init("--yes").stdout

    @pytest.mark.parametrize("line", ["cdk.out", "/cdk.out", "/cdk.out/", "**/cdk.out/", "*"])
    def test_nothing_is_added_that_is_ignored_already(self, line: str) -> None:
        write({**self.APP, ".gitignore": f"{line}\n"})
        assert "beside the specs" not in init("--yes").stdout

    def test_line_ends_stay_as_they_are(self) -> None:
        write(self.APP)
        Path(".gitignore").write_bytes(b"a\r\nb\r\n")
        init("--yes")
        assert Path(".gitignore").read_bytes() == b"a\r\nb\r\ncdk.out/\r\n"

    def test_settings_hold_only_what_is_not_the_default(self) -> None:
        write({"api/app.py": HANDLER})
        assert init().exit_code == 0
        assert not Path("optimizer.toml").exists()

    def test_one_architecture_of_all_becomes_that_of_the_project(self) -> None:
        write({"api/app.py": HANDLER})
        assert init("--architecture", "arm64").exit_code == 0
        assert Path("optimizer.toml").read_text() == (
            "# Settings of the Lambda image optimizer, as far as they are not its defaults.\n"
            "\n"
            "[defaults]\n"
            "# Every function that was found is for arm64, and those to come are too.\n"
            'architecture = "arm64"\n'
        )
        write({"late/app.py": HANDLER})
        init()
        assert specs()["late"].architecture == "arm64"

    def test_tools_that_are_in_pyproject_toml_stay_together(self) -> None:
        pyproject = '# ours\n[project]\nname = "x"\n\n[tool.ruff]\nline-length = 100\n'
        write({"api/app.py": HANDLER, "pyproject.toml": pyproject})
        init("--architecture", "arm64", "--yes")
        assert not Path("optimizer.toml").exists()
        text = Path("pyproject.toml").read_text()
        assert text.startswith(pyproject) and "\n[tool.optimizer.defaults]\n" in text
        from optimizer.config.settings import load_settings

        assert load_settings(".").defaults.architecture == "arm64"

    def test_a_configuration_that_is_there_is_left_alone(self) -> None:
        write({"api/app.py": HANDLER, "optimizer.toml": "[conventions]\noldest_pin_days = 3\n"})
        init("--architecture", "arm64", "--yes")
        assert Path("optimizer.toml").read_text() == "[conventions]\noldest_pin_days = 3\n"

    def test_a_patch_shows_every_file_and_writes_none(self) -> None:
        write({**self.APP, ".gitignore": "a\n"})
        result = init("--diff", "--architecture", "arm64")
        assert {line.removeprefix("+++ b/") for line in result.stdout.splitlines() if line.startswith("+++")} == {
            "api.image.toml",
            ".gitignore",
            "optimizer.toml",
        }
        assert sorted(path.name for path in Path().iterdir()) == [".gitignore", "cdk.json", "lambda"]

    def test_the_same_as_data(self) -> None:
        write({**self.APP, ".gitignore": "a\n"})
        result = init("--format", "json")
        report: dict[str, Any] = json.loads(result.stdout)
        assert report["found"] == ["a CDK app in ., in Python, not synthesized"]
        assert report["beside"] == [
            {
                "path": ".gitignore",
                "exists": True,
                "written": False,
                "lines": ["cdk.out/"],
                "reason": "tools write there, and nothing of it is a source",
            }
        ]
        (file,) = report["files"]
        assert [guess["value"] for guess in file["functions"][0]["guesses"]] == ["python3.14", "x86_64", "handler index.handler"]
        assert report["by_hand"] == []

    def test_two_runs_give_the_same_bytes(self) -> None:
        write({**self.APP, "b/app.py": HANDLER, "a/index.mjs": NODE})
        first = init("--format", "json", "--diff").stdout
        assert first and init("--format", "json", "--diff").stdout == first

    @pytest.mark.parametrize("arguments", [["--pin", "--diff"], ["--pin", "--format", "json"], ["x", "--from", "Dockerfile"]])
    def test_fails_for_options_that_exclude_each_other(self, arguments: list[str]) -> None:
        assert init(*arguments).exit_code == 2

    def test_pins_are_asked_for_the_new_specs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[str] = []

        def resolve(due: Sequence[ImageReference], *rest: object, **options: object) -> Resolved:
            asked.extend(map(str, due))
            return Resolved()

        monkeypatch.setattr("optimizer.cli.pin.resolve_pins", resolve)
        write({"api/app.py": HANDLER})
        result = init("--pin")
        assert result.exit_code == 0, result.output
        assert asked == ["public.ecr.aws/lambda/python:3.14"]
        assert "next: optimizer pin" not in result.stdout


class TestTerminal:
    def run(self, *arguments: str) -> Program:
        argv = [sys.executable, "-m", "optimizer", "init", *arguments]
        return Program(argv, {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "xterm"}, width=200)

    def test_asks_which_runtime(self) -> None:
        write({"app.py": HANDLER, ".python-version": "3.7\n"})
        program = self.run()
        program.wait_for(lambda line: "0  none of them: leave it out" in line)
        program.press("1\n")
        code, out = program.end()
        assert code == 0, program.raw
        assert "guess: python3.14: chosen\n" in out
        assert ".: .python-version says 3.7, and python3.7 is retired since 2023-12-04" in program.raw

    def test_asks_before_a_file_is_changed(self) -> None:
        write({"cdk.json": '{"app": "python3 app.py"}', ".gitignore": "a\n", "fn/app.py": HANDLER})
        program = self.run()
        program.wait_for(lambda line: "add 1 line to .gitignore?" in line)
        program.press("n\n")
        assert program.end()[0] == 0
        assert Path(".gitignore").read_text() == "a\n"
        assert list(specs()) == ["fn"]


def test_the_example_of_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs" / "init.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```console\n\$ optimizer init\n(.*?)```", text, re.DOTALL)
    write(
        {
            "cdk.json": '{"app": "python3 app.py"}',
            ".python-version": "3.13\n",
            "lambda/api/index.py": HANDLER,
            "lambda/api/requirements.txt": "idna==3.10\n",
            "lambda/report/index.mjs": NODE,
            "lambda/report/package.json": '{"engines": {"node": ">=22"}}',
            "web/Dockerfile": "FROM nginx\n",
        }
    )
    assert init().stdout == example
