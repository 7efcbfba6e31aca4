"""The file of a build secret, found by a real ``cdk deploy`` and by ``optimizer verify``, wherever they build."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 300
APP = """
import aws_cdk as cdk
from optimizer import BuildSecret, Command, ImageSpec
from optimizer.cdk import OptimizedFunction, SharedAssetRepository, SharedRepositorySynthesizer

app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="secretive"))
SharedAssetRepository(cdk.Stack(app, "Repository"), "Images", repository_name="secretive")
command = ["sh", "-c", "mkdir -p /layer/tree/opt && wc -c < /run/secrets/house > /layer/tree/opt/length"]
spec = ImageSpec(runtime="python3.13", steps=[Command([command], secrets=[BuildSecret("house", from_file="secrets/house")])])
OptimizedFunction(cdk.Stack(app, "Secretive"), "Hello", spec=spec, handler="app.handler")
app.synth()
"""


def run(argv: list[str], directory: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, cwd=directory, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


def test_the_file_of_a_secret_starts_at_the_root_of_the_project(registry: str, control_plane: dict[str, str], tmp_path: Path) -> None:
    """CDK builds in the directory of the asset, and there is no such file."""
    project = tmp_path / "project"
    (project / "secrets").mkdir(parents=True)
    (project / "app.py").write_text(APP, encoding="utf-8")
    (project / "cdk.json").write_text('{"app": "python3 app.py"}', encoding="utf-8")
    log = tmp_path / "docker.jsonl"
    environment = {
        **os.environ,
        **control_plane,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "CDK_DOCKER": str(Path(__file__).parent / "docker_shim"),
        "CDK_DISABLE_CLI_TELEMETRY": "1",
        "CDK_CONTEXT_JSON": "{}",
        "OPTIMIZER_TEST_REGISTRY": registry,
        "OPTIMIZER_TEST_DOCKER_LOG": str(log),
    }
    options = ["--no-notices", "--ci", "--context", f"optimizer:mirror={registry}"]
    pin = [sys.executable, "-m", "optimizer", "pin", "--mirror", registry, "--image", "python3.13"]
    bootstrap = ["cdk", "bootstrap", f"aws://123456789012/{control_plane['AWS_REGION']}", *options]
    deploy = ["cdk", "deploy", "--all", "--require-approval", "never", *options]
    for argv in (pin, bootstrap):
        result = run(argv, project, environment)
        assert result.returncode == 0, result.stdout + result.stderr
    result = run(deploy, project, environment)
    assert result.returncode != 0 and "no such file or directory" in result.stdout + result.stderr, "the secret is missing"
    (project / "secrets" / "house").write_text("hunter2", encoding="utf-8")
    result = run(deploy, project, environment)
    assert result.returncode == 0, result.stdout + result.stderr
    (image,) = {word for line in log.read_text(encoding="utf-8").splitlines() for word in line.split('"') if "/secretive:" in word}
    remote = f"{registry}/{image.partition('/')[2]}"
    try:
        shown = run(["docker", "run", "--rm", "--network", "none", "--entrypoint", "cat", remote, "/opt/length"], project, environment)
        assert shown.stdout.strip() == "7", shown.stderr
    finally:
        run(["docker", "image", "rm", "--force", remote], project, environment)
    # It builds in a copy of the context, elsewhere.
    verified = run([sys.executable, "-m", "optimizer", "verify", "cdk.out"], project, environment)
    assert verified.returncode == 0, verified.stdout + verified.stderr
