"""The file of a build secret, found by a real ``cdk deploy`` and by ``optimizer verify``, wherever they build."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.engine.cdk_app import CdkApp

APP = """
import aws_cdk as cdk
from optimizer import BuildSecret, Command, ImageSpec
from optimizer.cdk import OptimizedFunction, SharedAssetRepository, SharedRepositorySynthesizer

app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="secretive"))
SharedAssetRepository(cdk.Stack(app, "SecretiveRepository"), "Images", repository_name="secretive")
command = ["sh", "-c", "mkdir -p /layer/tree/opt && wc -c < /run/secrets/house > /layer/tree/opt/length"]
spec = ImageSpec(runtime="python3.13", steps=[Command([command], secrets=[BuildSecret("house", from_file="secrets/house")])])
OptimizedFunction(cdk.Stack(app, "Secretive"), "Hello", spec=spec, handler="app.handler")
app.synth()
"""


def test_the_file_of_a_secret_starts_at_the_root_of_the_project(registry: str, control_plane: dict[str, str], tmp_path: Path) -> None:
    """CDK builds in the directory of the asset, and there is no such file."""
    app = CdkApp.write(tmp_path / "project", APP, registry, control_plane)
    app.prepare("python3.13")
    result = app.deploy()
    assert result.returncode != 0 and "no such file or directory" in result.stdout + result.stderr, "the secret is missing"
    (app.project / "secrets").mkdir()
    (app.project / "secrets" / "house").write_text("hunter2", encoding="utf-8")
    result = app.deploy()
    assert result.returncode == 0, result.stdout + result.stderr
    (remote,) = app.pushed()
    try:
        shown = app.run(["docker", "run", "--rm", "--network", "none", "--entrypoint", "cat", remote, "/opt/length"])
        assert shown.stdout.strip() == "7", shown.stderr
    finally:
        app.run(["docker", "image", "rm", "--force", remote])
    # It builds in a copy of the context, elsewhere.
    app.succeed(sys.executable, "-m", "optimizer", "verify", "cdk.out")
