"""``cdk watch`` and hotswap: an edit reaches the function without a deployment of its stack."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

from tests.engine.cdk_app import CdkApp
from tests.engine.services import invoke

TIMEOUT_S = 300
APP = """
import aws_cdk as cdk
from optimizer import ImageSpec, SourceCode
from optimizer.cdk import OptimizedFunction, SharedAssetRepository, SharedRepositorySynthesizer

app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="watched"))
SharedAssetRepository(cdk.Stack(app, "WatchedRepository"), "Images", repository_name="watched")
spec = ImageSpec(runtime="python3.13", steps=[SourceCode("hello")])
OptimizedFunction(cdk.Stack(app, "Watched"), "Hello", spec=spec, handler="app.handler")
app.synth()
"""
CODE = "def handler(event, context):\n    return {version}\n"
WATCH = {"watch": {"include": "hello/**"}}


def test_an_edit_reaches_the_function(registry: str, control_plane: dict[str, str], tmp_path: Path) -> None:
    """Requirement: "works ... with `cdk watch` and hotswap"."""
    app = CdkApp.write(tmp_path / "project", APP, registry, control_plane, WATCH)
    code = app.project / "hello" / "app.py"
    code.parent.mkdir()
    code.write_text(CODE.format(version=1), encoding="utf-8")
    app.prepare("python3.13")
    result = app.deploy()
    assert result.returncode == 0, result.stdout + result.stderr
    client = _lambda(control_plane)
    first = _image(client)
    log = tmp_path / "watch.log"
    with log.open("wb") as output:
        argv = ["cdk", "watch", "--all", *app.options]
        # A group of its own: the command starts another program, which watches on when only the first is ended.
        watching = subprocess.Popen(argv, cwd=app.project, env=app.environment, stdout=output, stderr=output, start_new_session=True)
    try:
        _wait(lambda: "Triggering initial" in log.read_text(encoding="utf-8") and "Deployment time" in log.read_text(encoding="utf-8"), log)
        code.write_text(CODE.format(version=2), encoding="utf-8")
        _wait(lambda: _image(client) != first, log)
    finally:
        os.killpg(watching.pid, signal.SIGTERM)
        watching.wait(30)
    assert "hotswapped" in log.read_text(encoding="utf-8")
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
    (name,) = [
        function["FunctionName"] for function in client.list_functions()["Functions"] if function["FunctionName"].startswith("Watched")
    ]
    return str(client.get_function(FunctionName=name)["Code"]["ImageUri"])


def _wait(true: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not true():
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
        time.sleep(0.5)
