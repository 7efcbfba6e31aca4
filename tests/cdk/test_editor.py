"""Findings of a CDK app in an editor: the real `cdk lsp`, spoken to as an editor does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cdk.test_function import lock_text
from tests.cdk_apps import WITHOUT_TEMPLATE_CHECK
from tests.language_client import LanguageClient
from tests.linting.cases import PYTHON
from tests.patience import PATIENCE_S, wait_until

ROOT = Path(__file__).parents[2]
PROGRAMS = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
NAME = "lambda-image-optimizer"
APP = """\
import os

import acme
import aws_cdk as cdk
import jsii
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_

from optimizer import ImageSpec, SourceCode
from optimizer.cdk import Conventions, OptimizedFunction

os.environ.setdefault("JSII_HOST_STACK_TRACES", "1")  # cdk synth and editors show lines

app = cdk.App()
Conventions().apply(app)


@jsii.implements(cdk.IAspect)
class Graviton:
    def visit(self, node):
        if isinstance(node, lambda_.CfnFunction) and "Made" in node.node.path:
            node.architectures = ["arm64"]


cdk.Aspects.of(app).add(Graviton())
stack = cdk.Stack(app, "Shop")  # stack
inner = cdk.Stack(cdk.Stage(app, "Production"), "Shop")


def function(scope, id):
    return lambda_.DockerImageFunction(  # function
        scope, id, code=lambda_.DockerImageCode.from_image_asset("bad"), architecture=lambda_.Architecture.X86_64
    )


function(stack, "Orders")
acknowledged = function(stack, "Invoices")
function(inner, "Orders")
acme.function(stack, "Reports")  # library
OptimizedFunction(stack, "Made", spec=ImageSpec(runtime="python3.13", steps=[SourceCode("code")]), handler="app.handler")  # made
OptimizedFunction(stack, "Lost", spec=ImageSpec(runtime="python3.13", steps=[SourceCode("lost")]), handler="app.handler")  # fault
ecr_assets.DockerImageAsset(stack, "Sidecar", directory="other")
cdk.Validations.of(acknowledged).acknowledge(cdk.Acknowledgment(id="lambda-image-optimizer::LIO602", reason="agreed"))
app.synth()
"""
LIBRARY = """\
from aws_cdk import aws_lambda as lambda_


def function(scope, id):
    code = lambda_.DockerImageCode.from_image_asset("legacy")
    return lambda_.DockerImageFunction(scope, id, code=code, architecture=lambda_.Architecture.X86_64)
"""

pytestmark = pytest.mark.skipif(shutil.which("cdk", path=PROGRAMS) is None, reason="the CDK CLI is not installed")


def line(mark: str) -> int:
    """The line of app.py with this comment."""
    (number,) = (number for number, text in enumerate(APP.splitlines(), 1) if text.endswith(f"# {mark}"))
    return number


def environment(home: Path) -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if name != "JSII_HOST_STACK_TRACES"}
    paths = os.pathsep.join([str(ROOT), str(home / "site-packages")])
    return {**known, **WITHOUT_TEMPLATE_CHECK, "PYTHONPATH": paths, "PATH": PROGRAMS, "CDK_DISABLE_CLI_TELEMETRY": "1"}


def synthesized(home: Path, app: str = APP) -> str:
    """What `cdk synth` prints of the app in a new directory."""
    files = {
        "app.py": app,
        "cdk.json": json.dumps({"app": f'"{sys.executable}" app.py', "context": {"@aws-cdk/core:annotationsInValidationReport": True}}),
        "optimizer.lock": lock_text(),
        "bad/Dockerfile": f'FROM {PYTHON}\nLABEL team=shop\nUSER 1000\nCMD ["app.handler"]\n',
        "legacy/Dockerfile": f'FROM {PYTHON}\nLABEL team=legacy\nUSER 1000\nCMD ["app.handler"]\n',
        "other/Dockerfile": "FROM alpine\nADD https://example.com/tool /tool\n",
        "code/app.py": "",
        "site-packages/acme.py": LIBRARY,
    }
    for path, text in files.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text)
    done = subprocess.run(
        ["cdk", "synth", "--quiet", "--no-notices", "--ci"],
        cwd=home,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout + done.stderr


def ready(client: LanguageClient, home: Path) -> None:
    """Open the app, and wait until the server has read the assembly."""
    client.initialize(home)
    client.open((home / "app.py").as_uri(), (home / "app.py").read_text(), "python")
    # Its own request, which knows constructs from the moment on at which all has been published.
    wait_until(lambda: client.request("cdk/getConstructTree", None)["status"] == "ok", said=lambda: client.logged)


def shown(home: Path) -> list[dict[str, Any]]:
    """What the server shows in the app, once it is opened."""
    file = home / "app.py"
    with LanguageClient(["cdk", "lsp"], home, environment(home)) as client:
        ready(client, home)
        client.end()
        assert set(client.diagnostics) <= {file.as_uri()}, "nothing is shown outside of the app"
        return client.diagnostics.get(file.as_uri(), [])


class TestLines:
    """Requirement: "`cdk lsp` answers with our findings at the line that creates the construct, with rule and fix"."""

    @pytest.fixture(scope="class")
    @classmethod
    def home(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return tmp_path_factory.mktemp("editor")

    @pytest.fixture(scope="class")
    @classmethod
    def printed(cls, home: Path) -> str:
        return synthesized(home)

    @pytest.fixture(scope="class")
    @classmethod
    def everything(cls, home: Path, printed: str) -> list[dict[str, Any]]:
        return shown(home)

    @pytest.fixture
    def found(self, everything: list[dict[str, Any]]) -> dict[tuple[int, str], dict[str, Any]]:
        return {(item["range"]["start"]["line"] + 1, item["code"]): item for item in everything if item["source"] == NAME}

    def test_a_finding_is_at_the_statement_with_rule_and_fix(self, found: dict[tuple[int, str], dict[str, Any]]) -> None:
        finding = found[line("function"), "LIO602"]
        assert finding["message"] == (
            'user-set: the image sets the user "1000" (bad/Dockerfile:3:1: USER 1000)\n\n'
            "Suggested fix: remove USER, and make every file readable by all"
        )
        assert (finding["severity"], finding["source"]) == (1, NAME)

    def test_a_function_of_a_specification_is_found_where_the_app_makes_it(self, found: dict[tuple[int, str], dict[str, Any]]) -> None:
        """CDK itself takes it for created in this package, where no editor shows anything."""
        assert "the function is arm64, and its image is built for linux/amd64" in found[line("made"), "LIO683"]["message"]

    def test_a_function_of_an_installed_library_is_found_where_the_app_calls_it(self, found: dict[tuple[int, str], dict[str, Any]]) -> None:
        assert "legacy/Dockerfile:3:1" in found[line("library"), "LIO602"]["message"]

    def test_an_image_without_a_function_is_found_at_its_stack(self, found: dict[tuple[int, str], dict[str, Any]]) -> None:
        assert "other/Dockerfile:2:5" in found[line("stack"), "LIO402"]["message"]

    def test_a_fault_of_a_specification_is_at_its_function(self, everything: list[dict[str, Any]]) -> None:
        (fault,) = (item for item in everything if item["range"]["start"]["line"] + 1 == line("fault"))
        assert 'steps[0].source: "lost" does not exist in the project' in fault["message"]

    def test_a_warning_of_a_function_is_there_too(self, everything: list[dict[str, Any]]) -> None:
        (warning,) = (item for item in everything if "defines no" in item["message"])
        assert (warning["range"]["start"]["line"] + 1, warning["severity"]) == (line("made"), 2)

    def test_an_editor_tells_what_a_function_becomes(self, home: Path, printed: str) -> None:
        """CDK's own lines of a resource must be the app's: hover and lenses stand there."""
        with LanguageClient(["cdk", "lsp"], home, environment(home)) as client:
            ready(client, home)
            place = {"line": line("made") - 1, "character": 0}
            hover = client.request("textDocument/hover", {"textDocument": {"uri": (home / "app.py").as_uri()}, "position": place})
        assert "`AWS::Lambda::Function`" in hover["contents"]["value"]

    def test_synth_prints_the_line_too_and_names_functions_as_before(self, printed: str) -> None:
        """Requirement: "without making messages worse for people"."""
        assert f"app.py:{line('function')}\nERROR user-set" in printed
        assert f"app.py:{line('library')}\nERROR user-set" in printed
        assert "Shop/Orders aws-cdk-lib.aws_lambda.DockerImageFunction" in printed
        assert "/Resource" not in printed

    def test_an_acknowledgement_at_the_function_still_holds(self, home: Path, printed: str) -> None:
        """Requirement: "without breaking acknowledgements"."""
        (report,) = (
            item
            for item in json.loads((home / "cdk.out" / "validation-report.json").read_text())["pluginReports"]
            if item["pluginName"] == NAME
        )
        (aside,) = report["suppressedViolations"]
        assert (aside["acknowledgedAt"], aside["violatingConstructs"][0]["constructPath"]) == ("Shop/Invoices", "Shop/Invoices")
        assert "Shop/Invoices" not in printed
        named = {construct["constructPath"] for item in report["violations"] for construct in item["violatingConstructs"]}
        assert {"Shop/Orders", "Production/Shop/Orders"} <= named

    def test_without_the_lines_in_the_report_nothing_would_be_shown(self, home: Path, printed: str) -> None:
        """The fault that this is about: the server knows the lines of resources alone, and we name functions."""
        path = home / "cdk.out" / "validation-report.json"
        before = path.read_text()
        report = json.loads(before)
        for item in report["pluginReports"]:
            for violation in item["violations"]:
                for construct in violation["violatingConstructs"]:
                    construct.pop("stackTraces", None)
        path.write_text(json.dumps(report))
        try:
            left = {item["code"] for item in shown(home) if item["source"] == NAME}
        finally:
            path.write_text(before)
        # Only the function of a specification has a line of its own in the assembly.
        assert left == {"LIO683", "LIO901"}


def test_without_the_variable_nothing_is_shown(tmp_path: Path) -> None:
    """What docs/editors.md says: jsii gives the lines of Python only where the variable asks for them."""
    app = "\n".join(text for text in APP.splitlines() if "JSII_HOST_STACK_TRACES" not in text)
    printed = synthesized(tmp_path, app)
    assert "ERROR user-set" in printed and "app.py:" not in printed
    assert shown(tmp_path) == []
