"""``cdk watch`` and hotswap: an edit reaches the function without a deployment of its stack."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

from tests import pages
from tests.engine.cdk_app import CdkApp
from tests.engine.services import invoke
from tests.patience import PATIENCE_S, wait_until

APP = """
import aws_cdk as cdk
from optimizer import ImageSpec, SourceCode
from optimizer.cdk import OptimizedFunction, SharedAssetRepository, SharedRepositorySynthesizer

app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="watched"))
SharedAssetRepository(cdk.Stack(app, "WatchedRepository"), "Images", repository_name="watched")
spec = ImageSpec(runtime="python3.13", steps=[SourceCode("functions/hello")])
OptimizedFunction(cdk.Stack(app, "Watched"), "Hello", spec=spec, handler="app.handler")
app.synth()
"""
CODE = "def handler(event, context):\n    return {version}\n"
PAGE = pages.page("watch.md")


def test_an_edit_reaches_the_function(registry: str, control_plane: dict[str, str], tmp_path: Path) -> None:
    """Requirement: "works ... with `cdk watch` and hotswap": the settings and the commands of docs/watch.md."""
    app = CdkApp.write(tmp_path / "project", APP, registry, control_plane)
    pages.write(PAGE, app.project)
    (deploy, _), (watch, _) = pages.commands(PAGE)
    code = app.project / "functions" / "hello" / "app.py"
    code.parent.mkdir(parents=True)
    code.write_text(CODE.format(version=1), encoding="utf-8")
    app.prepare("python3.13")
    app.succeed(*deploy, *app.options)
    client = _lambda(control_plane)
    first = _image(client)
    log = tmp_path / "watch.log"
    with log.open("wb") as output:
        argv = [*watch, *app.options]
        # A group of its own: the command starts another program, which watches on when only the first is ended.
        watching = subprocess.Popen(argv, cwd=app.project, env=app.environment, stdout=output, stderr=output, start_new_session=True)

    def said() -> str:
        # While it is written, the last letter may not be whole.
        return log.read_text(encoding="utf-8", errors="replace")

    def _wait(happened: Callable[[], bool]) -> None:
        wait_until(happened, lost=lambda: watching.poll() is not None, said=said)

    try:
        _wait(lambda: "Triggering initial" in said() and "Deployment time" in said())
        # A handler that is renamed beside the edit: the image is swapped, and the name is not.
        program = app.project / "app.py"
        program.write_text(program.read_text(encoding="utf-8").replace("app.handler", "app.renamed"), encoding="utf-8")
        code.write_text(CODE.format(version=2), encoding="utf-8")
        _wait(lambda: _image(client) != first and "hotswapped!" in said())
    finally:
        os.killpg(watching.pid, signal.SIGTERM)
        watching.wait(PATIENCE_S)
    # Of the page: the handler is ignored, "with a line that says so".
    assert "non-hotswappable changes were found" in said() and "ImageConfig" in said()
    assert invoke(f"{registry}/{_image(client).partition('/')[2]}", "app.handler", {}) == 2


def _lambda(control_plane: dict[str, str]) -> Any:
    return boto3.client(
        "lambda",
        region_name=control_plane["AWS_REGION"],
        endpoint_url=control_plane["AWS_ENDPOINT_URL"],
        aws_access_key_id=control_plane["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=control_plane["AWS_SECRET_ACCESS_KEY"],
    )


def _image(client: Any) -> str:
    return str(client.get_function(FunctionName=_function(client))["Code"]["ImageUri"])


def _function(client: Any) -> str:
    names = [str(function["FunctionName"]) for function in client.list_functions()["Functions"]]
    (name,) = [name for name in names if name.startswith("Watched")]
    return name
