"""``optimizer init`` in the projects that ``sam init`` makes.

The shapes are those of https://github.com/aws/aws-sam-cli-app-templates at
c7285973, shortened; the Dockerfiles are whole.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from optimizer.cli.main import optimizer
from tests.cli.first_projects import specs, write

CORPUS = Path(__file__).parents[1] / "linting" / "corpus"
HEAD = "AWSTemplateFormatVersion: '2010-09-09'\nTransform: AWS::Serverless-2016-10-31\nResources:\n"
IMAGE = HEAD + (
    "  HelloWorldFunction:\n    Type: AWS::Serverless::Function\n    Properties:\n      PackageType: Image\n"
    "      Architectures: [x86_64]\n    Metadata:\n      DockerTag: v1\n      DockerContext: ./hello\n      Dockerfile: Dockerfile\n"
)
PYTHON = "def lambda_handler(event, context):\n    return 1\n"
NODE = "export const lambdaHandler = async (event, context) => 1;\n"
RUBY = "require 'json'\n\ndef lambda_handler(event:, context:)\nend\n"
JAVA = "package helloworld;\n\npublic class App implements RequestHandler<String, String> {}\n"
CSPROJ = '<Project><TargetFramework>net8.0</TargetFramework><PackageReference Include="Amazon.Lambda.Core" /></Project>'


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    top = tmp_path / "sam-app"
    top.mkdir()
    monkeypatch.chdir(top)
    return top


def run(files: Mapping[str, str]) -> Result:
    write(files)
    return CliRunner().invoke(optimizer, ["init"])


def function(name: str, **properties: str) -> str:
    lines = "".join(f"      {key}: {value}\n" for key, value in properties.items())
    return f"  {name}:\n    Type: AWS::Serverless::Function\n    Properties:\n{lines}"


@pytest.mark.parametrize(
    ("name", "runtime", "files", "code"),
    [
        ("sam-python-3.11", "python3.11", {}, 0),
        ("sam-python-3.13", "python3.13", {}, 0),
        ("sam-python-ml-3.13", "python3.13", {"hello/app.py": PYTHON, "hello/model": "m"}, 0),
        # Its package.json has no lock.
        ("sam-nodejs-22", "nodejs22.x", {"hello/app.mjs": NODE}, 1),
        ("sam-java21-maven", "java21", {"hello/pom.xml": "<project/>", "hello/src/main/java/helloworld/App.java": JAVA}, 0),
        ("sam-java21-gradle", "java21", {"hello/build.gradle": "", "hello/src/main/java/helloworld/App.java": JAVA}, 0),
        ("sam-dotnet8", "dotnet8", {"hello/HelloWorld.csproj": CSPROJ, "hello/Function.cs": ""}, 0),
        ("sam-ruby3.3", "ruby3.3", {"hello/app.rb": RUBY, "hello/Gemfile": 'source "https://rubygems.org"\n'}, 0),
        ("sam-go", "provided.al2023", {"hello/main.go": "package main\n", "hello/go.mod": "module hello\n\ngo 1.19\n"}, 0),
    ],
)
def test_functions_with_a_dockerfile_get_one_spec_each(name: str, runtime: str, files: dict[str, str], code: int) -> None:
    shutil.copytree(CORPUS / name, "hello", ignore=shutil.ignore_patterns("expected"))
    result = run({"template.yaml": IMAGE, "tests/unit/test_handler.py": PYTHON, **files})
    # The code of the Dockerfile is not proposed a second time.
    assert {key: (spec.runtime, spec.architecture) for key, spec in specs().items()} == {"hello-world-function": (runtime, "x86_64")}
    assert "--spec HelloWorldFunction=hello-world-function.image.toml --write\n" in result.stdout
    if code == 0 and "NOT CARRIED" not in result.stdout:
        assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("template", "files", "expected"),
    [
        pytest.param(
            function("HelloWorldFunction", CodeUri="hello_world/", Handler="app.lambda_handler", Runtime="python3.13"),
            {"hello_world/app.py": PYTHON, "hello_world/__init__.py": "", "hello_world/requirements.txt": "requests\n"},
            {"hello-world": ("python3.13", "hello_world", "app.lambda_handler")},
            id="python hello",
        ),
        pytest.param(
            function("HelloWorldFunction", CodeUri="hello_world_function", Handler="hello_world/app.lambda_handler", Runtime="python3.13"),
            {"hello_world_function/hello_world/app.py": PYTHON, "hello_world_function/requirements.txt": "six\n"},
            {"hello-world-function": ("python3.13", "hello_world_function", "hello_world/app.lambda_handler")},
            id="python event-bridge: the handler is below CodeUri",
        ),
        pytest.param(
            function("LoggerFunction", Handler="src/handlers/logger.loggerHandler", Runtime="nodejs22.x"),
            {"src/handlers/logger.mjs": "export const loggerHandler = async () => 1;\n", "package.json": "{}"},
            {"sam-app": ("nodejs22.x", ".", "src/handlers/logger.loggerHandler")},
            id="nodejs cw-event: no CodeUri",
        ),
        pytest.param(
            function("StreamingFunction", CodeUri="src/", Handler="index.handler", Runtime="nodejs22.x"),
            {"src/index.js": "exports.handler = awslambda.streamifyResponse(run);\n", "package.json": "{}"},
            {"sam-app": ("nodejs22.x", "src", "index.handler")},
            id="nodejs response-streaming: CodeUri below package.json",
        ),
        pytest.param(
            function("GetAll", Handler="src/handlers/get_all.getAll", Runtime="python3.13")
            + function("Put", Handler="src/handlers/put.putItem", Runtime="python3.13"),
            {"src/handlers/get_all.py": "def getAll(event, context): ...\n", "src/handlers/put.py": "def putItem(event, context): ...\n"},
            {"sam-app": ("python3.13", ".", "src/handlers/get_all.getAll")},
            id="python web: several functions of one directory",
        ),
        pytest.param(
            function("HelloWorldFunction", CodeUri="hello_world/", Handler="app.lambda_handler", Runtime="ruby3.4"),
            {"hello_world/app.rb": RUBY, "hello_world/Gemfile": 'ruby "~> 3.2"\n'},
            {"hello-world": ("ruby3.4", "hello_world", "app.lambda_handler")},
            id="ruby hello",
        ),
        pytest.param(
            function("Hello", CodeUri="Hello", Handler="helloworld.App::handleRequest", Runtime="java21"),
            {"Hello/pom.xml": "<project/>", "Hello/src/main/java/helloworld/App.java": JAVA},
            {"hello": ("java21", "Hello", "helloworld.App::handleRequest")},
            id="java hello-maven",
        ),
        pytest.param(
            function("Hello", CodeUri="./src/Hello/", Handler="Hello::Hello.Function::Run", Runtime="dotnet8"),
            {"src/Hello/Hello.csproj": CSPROJ, "test/Hello.Test/Hello.Tests.csproj": CSPROJ},
            {"hello": ("dotnet8", "src/Hello", "Hello::Hello.Function::Run")},
            id="dotnet hello, with its tests",
        ),
    ],
)
def test_functions_of_code_get_what_the_template_says(
    template: str, files: dict[str, str], expected: dict[str, tuple[str, str, str]]
) -> None:
    result = run({"template.yaml": HEAD + template, **files})
    found = specs()
    assert {name: (spec.runtime, getattr(spec.steps[-1], "source", "")) for name, spec in found.items()} == {
        name: (runtime, source) for name, (runtime, source, _) in expected.items()
    }
    for runtime, _, handler in expected.values():
        assert f"guess: {runtime}: template.yaml says so of " in result.stdout
        assert f"guess: handler {handler}: template.yaml says so of " in result.stdout
        own = "Runtime, Handler and CodeUri" if "CodeUri" in template else "Runtime and Handler"
        assert f"ImageConfig: {{Command: [{handler}]}} in place of {own}; then optimizer sam" in result.stdout
    assert "no proposal:" not in result.stdout


@pytest.mark.parametrize(
    "properties",
    [
        {"CodeUri": "s3://bucket/code.zip", "Handler": "app.handler", "Runtime": "python3.12"},
        {"CodeUri": "!Ref Code", "Handler": "app.handler", "Runtime": "python3.12"},
        {"InlineCode": "x", "Handler": "app.lambda_handler", "Runtime": "python3.12"},
        {"CodeUri": "fn", "Handler": "app.lambda_handler", "Runtime": "nodejs22.x"},
    ],
)
def test_what_a_template_does_not_say_of_the_code_is_guessed_by_its_files(properties: dict[str, str]) -> None:
    result = run({"template.yaml": HEAD + function("Fn", **properties), "fn/app.py": PYTHON})
    assert "guess: python3.14: nothing in the project names a version of Python" in result.stdout, result.output


@pytest.mark.parametrize(
    ("template", "question", "options"),
    [
        (
            function("Fn", CodeUri="fn", Handler="app.lambda_handler", Runtime="python3.6"),
            "python3.6: template.yaml says so of Fn, and it is retired since 2022-07-18",
            "optimizer init fn --runtime python3.14",
        ),
        (
            function("One", CodeUri="fn", Handler="app.lambda_handler", Runtime="python3.12")
            + function("Two", CodeUri="fn", Handler="app.lambda_handler", Runtime="python3.13"),
            "its functions have several runtimes: python3.12: template.yaml says so of One; python3.13: template.yaml says so of Two",
            "optimizer init fn --runtime python3.12 or optimizer init fn --runtime python3.13",
        ),
    ],
)
def test_what_a_template_says_and_cannot_hold_is_a_question(template: str, question: str, options: str) -> None:
    result = run({"template.yaml": HEAD + template, "fn/app.py": PYTHON})
    assert result.exit_code == 1 and not specs()
    assert f"  fn: {question}\n    by hand: {options}\n" in result.stdout


def test_values_of_zip_functions_are_worked_out_as_sam_does() -> None:
    """A default of a parameter, what samconfig sets, and Globals count, and what an image function cannot have is named."""
    head = (
        "Transform: AWS::Serverless-2016-10-31\n"
        "Parameters: {Arch: {Type: String, Default: x86_64}, Where: {Type: String, Default: fn}}\n"
        "Globals: {Function: {Architectures: [!Ref Arch], Runtime: python3.13}}\nResources:\n"
    )
    layer = "['arn:aws:lambda:eu-central-1:123456789012:layer:x:1']"
    template = head + function("Fn", CodeUri='!Sub "./${Where}"', Handler="app.lambda_handler", Layers=layer)
    config = '[default.build.parameters]\nparameter_overrides = "Arch=arm64"\n'
    result = run({"template.yaml": template, "samconfig.toml": config, "fn/app.py": PYTHON})
    assert {key: (spec.runtime, spec.architecture) for key, spec in specs().items()} == {"fn": ("python3.13", "arm64")}
    assert (
        "by hand: in template.yaml, give Fn PackageType: Image and ImageConfig: {Command: [app.lambda_handler]} in place of Handler, "
        "Layers and CodeUri, and IgnoreGlobals: [Runtime] beside its Properties; what its layers hold becomes steps of fn.image.toml; "
        "then optimizer sam template.yaml --spec Fn=fn.image.toml --write\n"
    ) in result.stdout


@pytest.mark.parametrize("arguments", [[], ["--from", "template.yaml"]])
def test_a_template_gets_the_call_that_sets_it_and_no_lines_for_a_stack(arguments: list[str]) -> None:
    """Functions of a loop are left out of the call: SAM CLI packages no image of a loop (LIO688)."""
    loop = """\
  Fn::ForEach::Queues:
    - Name
    - [Mail, Print]
    - ${Name}Queue:
        Type: AWS::Serverless::Function
        Properties: {PackageType: Image, ImageConfig: {Command: [app.lambda_handler]}}
        Metadata: {Dockerfile: Dockerfile, DockerContext: ./hello}
"""
    ready = (
        "  Ready:\n    Type: AWS::Serverless::Function\n    Properties: {PackageType: Image}\n    Metadata: {ImageSpec: ready.image.toml}\n"
    )
    template = IMAGE.replace("Transform: ", "Transform: [AWS::LanguageExtensions, ").replace("-31\n", "-31]\n") + loop + ready
    write(
        {"template.yaml": template, "hello/app.py": PYTHON, "hello/Dockerfile": "FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ./\n"}
    )
    write({"ready.image.toml": 'runtime = "python3.13"\nsteps = [{ kind = "source-code", source = "hello" }]\n'})
    result = CliRunner().invoke(optimizer, ["init", *arguments])
    assert "in the stack:" not in result.stdout
    assert "next: optimizer sam template.yaml --spec HelloWorldFunction=hello-world-function.image.toml --write\n" in result.stdout
    assert (
        "by hand: in template.yaml, write out what Fn::ForEach gives, MailQueue, PrintQueue: SAM CLI packages no image of a loop; "
        "then optimizer sam template.yaml\n"
    ) in result.stdout
    assert '  Ready: it has a spec already, "ready.image.toml"\n' in result.stdout


def test_an_architecture_that_lambda_does_not_have_is_refused_by_the_function() -> None:
    """With a lock, whose packages are looked at for the architecture: that ended in a traceback."""
    locked = "idna==3.10 --hash=sha256:946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3\n"
    dockerfile = "FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py requirements.txt ./\nRUN pip install -r requirements.txt\n"
    files = {"hello/app.py": PYTHON, "hello/Dockerfile": dockerfile, "hello/requirements.txt": locked}
    write({"template.yaml": IMAGE.replace("[x86_64]", "[amd64]"), **files})
    result = CliRunner().invoke(optimizer, ["init", "--from", "template.yaml"])
    assert str(result.exception) == (
        'HelloWorldFunction: Architectures: unknown architecture "amd64"; allowed: x86_64, arm64\n  hint: did you mean "x86_64"?'
    )
    assert "HelloWorldFunction: Architectures: unknown" in run({}).stdout
