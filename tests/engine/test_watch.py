"""``cdk watch`` and hotswap: an edit reaches the function without a deployment of its stack."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

from tests.engine.services import invoke

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 300
APP = """
import aws_cdk as cdk
from optimizer import ImageSpec, SourceCode
from optimizer.cdk import OptimizedFunction, SharedAssetRepository, SharedRepositorySynthesizer

app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="watched"))
SharedAssetRepository(cdk.Stack(app, "Repository"), "Images", repository_name="watched")
spec = ImageSpec(runtime="python3.13", steps=[SourceCode("hello")])
OptimizedFunction(cdk.Stack(app, "Watched"), "Hello", spec=spec, handler="app.handler")
app.synth()
"""
CODE = "def handler(event, context):\n    return {version}\n"
CONFIGURATION = '{"app": "python3 app.py", "watch": {"include": "hello/**"}}'


def test_an_edit_reaches_the_function(registry: str, control_plane: dict[str, str], tmp_path: Path) -> None:
    """Requirement: "works ... with `cdk watch` and hotswap"."""
    project = tmp_path / "project"
    (project / "hello").mkdir(parents=True)
    (project / "app.py").write_text(APP, encoding="utf-8")
    (project / "cdk.json").write_text(CONFIGURATION, encoding="utf-8")
    (project / "hello" / "app.py").write_text(CODE.format(version=1), encoding="utf-8")
    environment = {
        **os.environ,
        **control_plane,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "CDK_DOCKER": str(Path(__file__).parent / "docker_shim"),
        "CDK_DISABLE_CLI_TELEMETRY": "1",
        "CDK_CONTEXT_JSON": "{}",
        "OPTIMIZER_TEST_REGISTRY": registry,
        "OPTIMIZER_TEST_DOCKER_LOG": str(tmp_path / "docker.jsonl"),
    }
    options = ["--no-notices", "--ci", "--context", f"optimizer:mirror={registry}"]
    pin = [sys.executable, "-m", "optimizer", "pin", "--mirror", registry, "--image", "python3.13"]
    bootstrap = ["cdk", "bootstrap", f"aws://123456789012/{control_plane['AWS_REGION']}", *options]
    for argv in (pin, bootstrap, ["cdk", "deploy", "--all", "--require-approval", "never", *options]):
        result = subprocess.run(argv, cwd=project, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
    client = _lambda(control_plane)
    first = _image(client)
    log = tmp_path / "watch.log"
    with log.open("wb") as output:
        argv = ["cdk", "watch", "--all", *options]
        # A group of its own: the command starts another program, which watches on when only the first is ended.
        watching = subprocess.Popen(argv, cwd=project, env=environment, stdout=output, stderr=output, start_new_session=True)
    try:
        _wait(lambda: "Triggering initial" in log.read_text(encoding="utf-8") and "Deployment time" in log.read_text(encoding="utf-8"), log)
        (project / "hello" / "app.py").write_text(CODE.format(version=2), encoding="utf-8")
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
