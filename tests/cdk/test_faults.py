"""Faults under the CDK CLI: all of them at their constructs, in one synthesis, and nothing that can be deployed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Annotations, Match

from optimizer import GoBuild, ImageSpec, PythonDependencies, SourceCode
from optimizer.adapters.assembly import required_images
from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import Lock, LockedImage
from optimizer.cdk import Conventions, OptimizedFunction
from optimizer.errors import SpecError, UnpinnedError
from tests.patience import PATIENCE_S

DAY = __import__("datetime").date(2026, 11, 1)
ROOT = Path(__file__).parents[2]
RUBY = "public.ecr.aws/lambda/ruby:3.4"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project as the CLI runs its app."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context):\n    return None\n")
    image = LockedImage(reference=base_image("python3.13").reference, digest="sha256:" + "5" * 64, resolved=DAY)
    (tmp_path / "optimizer.lock").write_text(Lock().with_images([image]).render())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CDK_CLI_VERSION", "2.1148.1")
    monkeypatch.setenv("CDK_OUTDIR", "cdk.out")
    return tmp_path


def spec(*steps: object, runtime: str = "python3.13") -> ImageSpec:
    return ImageSpec(runtime=runtime, steps=steps)  # type: ignore[arg-type]


def errors_of(stack: cdk.Stack) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for message in Annotations.from_stack(stack).find_error("*", Match.any_value()):
        found.setdefault(message.id, []).append(str(message.entry.data))
    return found


def test_every_fault_stands_at_its_construct(project: Path) -> None:
    app = cdk.App()
    one, two = cdk.Stack(app, "One"), cdk.Stack(app, "Two")
    OptimizedFunction(one, "Good", spec=spec(SourceCode("code")), handler="app.handler")
    OptimizedFunction(
        one, "Gone", spec=spec(SourceCode("gone"), PythonDependencies("gone.txt")), handler="app", timeout=cdk.Duration.seconds(3)
    )
    OptimizedFunction(two, "Odd", spec="no spec", handler="app.handler", code="x")  # type: ignore[arg-type]
    assert errors_of(one) == {
        "/One/Gone": [
            'handler: handler "app" has the wrong form for runtime "python3.13"; allowed: module.function\n  hint: for example "app.handler"',
            f'steps[0].source: "gone" does not exist in the project "{project}"\n  hint: fix the path; it is relative to the project\'s root',
            f'steps[1].lock: the lock file "gone.txt" does not exist in the project "{project}"\n  hint: create it, or fix the path',
        ]
    }
    assert list(errors_of(two)) == ["/Two/Odd"]


def test_a_test_in_another_directory_sets_the_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "the message names it, and a test can set it"."""
    (project / "tests").mkdir()
    monkeypatch.chdir(project / "tests")
    lost, found = (
        cdk.Stack(cdk.App(context=context), "Shop")
        for context in (None, {"optimizer:root": str(project), "optimizer:lock": str(project / "optimizer.lock")})
    )
    for stack in (lost, found):
        OptimizedFunction(stack, "Get", spec=spec(SourceCode("code")), handler="app.handler")
    assert f'"code" does not exist in the project "{project / "tests"}"' in str(errors_of(lost))
    assert errors_of(found) == {}


def test_the_builder_that_the_company_chose_is_what_the_app_lacks(project: Path) -> None:
    (project / "code" / "go.mod").write_text("module x\ngo 1.24\n")
    (project / "optimizer.toml").write_text('[tools.images]\ngolang = "example.com/golang:1.24"\n')
    context = {"optimizer:tools": {"images": {"golang": "example.com/golang:1.25"}}}
    stack = cdk.Stack(cdk.App(outdir=str(project / "cdk.out"), context=context), "Stack")
    OptimizedFunction(stack, "Go", spec=spec(GoBuild("code"), runtime="provided.al2023"), handler="bootstrap")
    (message,) = errors_of(stack)["/Stack/Go"][:1]
    assert '"example.com/golang:1.25" is not pinned' in message
    stack.node.root.synth()
    assert "example.com/golang:1.25" in [str(image.reference) for image in required_images("cdk.out")]


def test_one_command_pins_all_that_the_app_lacks(project: Path) -> None:
    app = cdk.App(outdir=str(project / "cdk.out"))
    stack = cdk.Stack(app, "Stack")
    nested = cdk.Stack(cdk.Stage(app, "Prod"), "Stack")
    OptimizedFunction(stack, "Good", spec=spec(SourceCode("code")), handler="app.handler")
    OptimizedFunction(stack, "Ruby", spec=spec(SourceCode("code"), runtime="ruby3.4"), handler="app.handler")
    OptimizedFunction(nested, "Java", spec=spec(SourceCode("code"), runtime="java21"), handler="app.Handler")
    assert errors_of(stack) == {"/Stack/Ruby": [f'"{RUBY}" is not pinned in optimizer.lock\n  hint: run: optimizer pin cdk.out']}
    app.synth()
    needed = [(str(image.reference), image.platform) for image in required_images("cdk.out")]
    assert needed == [("public.ecr.aws/lambda/java:21", "amd64"), ("public.ecr.aws/lambda/python:3.13", "amd64"), (RUBY, "amd64")]


def test_what_a_function_with_faults_deploys_is_an_image_that_nobody_has() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    for name in ("One", "Two"):
        function = OptimizedFunction(stack, name, spec=spec(SourceCode("gone")), handler="app.handler", memory_size=512)
        function.add_alias("live")
        assert function.image_tag == ""
        with pytest.raises(SpecError, match=rf'Stack/{name}: steps\[0\].source: "gone" does not exist'):
            _ = function.plan
    template = cdk.assertions.Template.from_stack(stack).find_resources("AWS::Lambda::Function")
    assert len(template) == 2
    for resource in template.values():
        assert resource["Properties"]["MemorySize"] == 512
        assert "image-with-faults:image-with-faults" in json.dumps(resource["Properties"]["Code"]["ImageUri"])


@pytest.mark.parametrize("name", ["CDK_CLI_VERSION", "CDK_OUTDIR"])
def test_elsewhere_a_fault_is_raised_where_it_is(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(UnpinnedError, match=rf"Stack/Ruby: .* is not pinned in optimizer.lock\n  hint: run: optimizer pin --image {RUBY}"):
        OptimizedFunction(cdk.Stack(cdk.App(), "Stack"), "Ruby", spec=spec(SourceCode("code"), runtime="ruby3.4"), handler="app.handler")


def test_the_conventions_say_nothing_of_the_image_that_stands_in(project: Path) -> None:
    app = cdk.App(outdir=str(project / "cdk.out"))
    Conventions(fail_on="info").apply(app)
    OptimizedFunction(cdk.Stack(app, "Stack"), "Gone", spec=spec(SourceCode("gone")), handler="app.handler")
    # It would raise for a finding.
    app.synth()


APP = """
import aws_cdk as cdk
from optimizer import *
from optimizer.cdk import *

app = cdk.App()
good, bad, stage = cdk.Stack(app, "Good"), cdk.Stack(app, "Bad"), cdk.Stage(app, "Prod")
code = SourceCode("code")
for stack, name, runtime, step in (
    (good, "Fine", "python3.13", code),
    (bad, "Ruby", "ruby3.4", code),
    (bad, "Gone", "python3.13", SourceCode("gone")),
    (cdk.Stack(stage, "Inner"), "Lost", "python3.13", SourceCode("lost")),
):
    OptimizedFunction(stack, name, spec=ImageSpec(runtime=runtime, steps=[step]), handler="app.handler")
app.synth()
"""


def run(*arguments: str) -> tuple[int, str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "CDK_DISABLE_CLI_TELEMETRY": "1",
    }
    argv = ["cdk", *arguments, "--no-notices", "--ci"]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.skipif(
    shutil.which("cdk", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}") is None,
    reason="the CDK CLI is not installed",
)
def test_the_cli_reports_all_faults_without_a_traceback_and_deploys_none(project: Path) -> None:
    """Requirement: "one synth names every fault at its construct, without a traceback, with one `pin` command for all missing pins"."""
    (project / "app.py").write_text(APP)
    (project / "cdk.json").write_text(json.dumps({"app": f"{sys.executable} app.py"}))
    code, output = run("synth", "--quiet")
    assert code == 1
    assert "Traceback" not in output and ".js:" not in output
    for part in (
        f'"{RUBY}" is not pinned in optimizer.lock\n  hint: run: optimizer pin cdk.out',
        'steps[0].source: "gone" does not exist in the project',
        'steps[0].source: "lost" does not exist in the project',
        "Bad/Ruby",
        "Bad/Gone",
        "Prod/Inner/Lost",
    ):
        assert part in output
    assert RUBY in [str(image.reference) for image in required_images("cdk.out")]
    for stack in ("Bad", "Prod/Inner"):
        code, output = run("deploy", stack, "--app", "cdk.out")
        assert code == 1
        assert "does not exist in the project" in output
    assert run("synth", "--quiet", "Good")[0] == 1, "the stack of the nested stage is looked at whatever is named"
