"""A CDK app of a test's own, deployed by the real CLI to the registry and the control plane of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import boto3

from tests.cdk_apps import WITHOUT_TEMPLATE_CHECK

ROOT = Path(__file__).parents[2]
ACCOUNT = "123456789012"
TIMEOUT_S = 600


@dataclass(frozen=True)
class CdkApp:
    """The app of a directory that holds ``app.py``.

    Its stacks need names that no other app of the tests has: the control plane
    cannot update a stack.
    """

    project: Path
    registry: str
    environment: Mapping[str, str]
    log: Path

    @classmethod
    def write(
        cls, project: Path, app: str, registry: str, control_plane: Mapping[str, str], configuration: Mapping[str, object] | None = None
    ) -> CdkApp:
        """The app whose ``app.py`` has the text; ``configuration`` is what ``cdk.json`` holds beside the app's command."""
        project.mkdir(parents=True, exist_ok=True)
        (project / "app.py").write_text(app, encoding="utf-8")
        (project / "cdk.json").write_text(json.dumps({"app": "python3 app.py", **(configuration or {})}), encoding="utf-8")
        log = project.parent / f"{project.name}.docker.jsonl"
        environment = {
            **os.environ,
            **control_plane,
            **WITHOUT_TEMPLATE_CHECK,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "CDK_DOCKER": str(Path(__file__).parent / "docker_shim"),
            "CDK_DISABLE_CLI_TELEMETRY": "1",
            "CDK_CONTEXT_JSON": "{}",
            "OPTIMIZER_TEST_REGISTRY": registry,
            "OPTIMIZER_TEST_DOCKER_LOG": str(log),
        }
        return cls(project, registry, environment, log)

    @property
    def options(self) -> tuple[str, ...]:
        """What every call of the CLI needs."""
        return ("--no-notices", "--ci", "--context", f"optimizer:mirror={self.registry}")

    def run(self, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """The result of a program in the app's directory."""
        return subprocess.run(argv, cwd=self.project, env=self.environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)

    def succeed(self, *argv: str) -> str:
        """What a program printed that must end well."""
        result = self.run(argv)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout + result.stderr

    def prepare(self, *images: str) -> None:
        """Pin the images, and bootstrap the account, which all apps of a control plane share."""
        named = [word for image in images for word in ("--image", image)]
        self.succeed(sys.executable, "-m", "optimizer", "pin", "--mirror", self.registry, *named)
        if not self._is_bootstrapped():
            self.succeed("cdk", "bootstrap", f"aws://{ACCOUNT}/{self.environment['AWS_REGION']}", *self.options)

    def _is_bootstrapped(self) -> bool:
        """Whether the control plane says so: another file of tests begins with one that has forgotten everything."""
        session = boto3.Session(
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
            region_name=self.environment["AWS_REGION"],
        )
        ssm = session.client("ssm", endpoint_url=self.environment["AWS_ENDPOINT_URL"])
        return bool(ssm.get_parameters(Names=["/cdk-bootstrap/hnb659fds/version"])["Parameters"])

    def deploy(self, *options: str) -> subprocess.CompletedProcess[str]:
        """``cdk deploy`` of all stacks."""
        return self.run(["cdk", "deploy", "--all", "--require-approval", "never", *self.options, *options])

    def pushed(self) -> list[str]:
        """The images that were pushed, as names in the registry, in order."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        calls = [json.loads(line) for line in lines]
        names = [call["argv"][-1] for call in calls if call["argv"][0] == "push" and call["exit"] == 0]
        return [f"{self.registry}/{name.partition('/')[2]}" for name in names]
