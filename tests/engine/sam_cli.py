"""The real SAM CLI, in an environment of its own, and AWS as far as it deploys.

The environment stays on the machine between runs, as the stand-ins do.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from optimizer.bases.tools import known_tools
from tests.engine.host_uv import installed_uv
from tests.engine.standins import STATE, locked

VERSION = "1.170.0"
TIMEOUT_S = 600
_EXPAND = """
import json, sys
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

class Policies:
    def load(self):
        return {}

print(json.dumps(transform(yaml_parse(sys.stdin.read()), {}, Policies())))
"""


def programs() -> Path:
    """The directory of ``sam`` and of the Python that it runs in."""
    python = "".join(map(str, sys.version_info[:2]))
    kept = STATE / f"sam-{VERSION}-compiled-python{python}"
    STATE.mkdir(parents=True, exist_ok=True)
    with locked(STATE / "sam.lock"):
        if not (kept / "ready").exists():
            shutil.rmtree(kept, ignore_errors=True)
            # uv needs seconds for what takes pip more than a minute: 80 packages, 200 MB.
            uv = installed_uv(known_tools().tools["uv"].tool.version, kept / "uv") / "uv"
            subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, kept / "venv"], check=True, timeout=TIMEOUT_S)
            # Compiled, as pip and AWS's installer leave it: a call takes twice as long otherwise.
            install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", kept / "venv", f"aws-sam-cli=={VERSION}"]
            subprocess.run(install, check=True, timeout=TIMEOUT_S)
            (kept / "ready").touch()
    return kept / "venv" / "bin"


@dataclass(frozen=True)
class SamCli:
    """SAM CLI in a project's directory; ``environment`` are the variables of its control plane."""

    project: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
        """The result of a call; ``path`` is the PATH on which it finds programs."""
        # How many seconds a container may take to begin.
        patience = {"SAM_CLI_CONTAINER_CONNECTION_TIMEOUT": str(TIMEOUT_S)}
        environment = {**os.environ, **patience, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-central-1", **self.environment}
        if path is not None:
            environment["PATH"] = path
        argv = [str(programs() / "sam"), *arguments]
        return subprocess.run(argv, cwd=self.project, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)

    def succeed(self, *arguments: str, path: str | None = None) -> str:
        """What a call printed to standard output that must end well."""
        result = self.run(*arguments, path=path)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout


@contextlib.contextmanager
def deploying(control_plane: Mapping[str, str], registry: str) -> Iterator[dict[str, str]]:
    """The environment in which SAM CLI pushes to the registry, and deploys to the control plane.

    Between both stands what moto lacks of AWS: a login that leads to the
    registry, and the transform of SAM's resources, which is made by the
    translator that AWS runs too.
    """
    upstream = control_plane["AWS_ENDPOINT_URL"]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("X-Amz-Target", "").endswith(".GetAuthorizationToken"):
                token = base64.b64encode(b"AWS:password").decode()
                data = {"authorizationToken": token, "proxyEndpoint": f"http://{registry}", "expiresAt": 4e9}
                self._answer(200, json.dumps({"authorizationData": [data]}).encode(), "application/x-amz-json-1.1")
                return
            form = dict(urllib.parse.parse_qsl(body.decode()))
            if form.get("Action") == "CreateChangeSet":
                form["TemplateBody"] = expanded(form["TemplateBody"])
                body = urllib.parse.urlencode(form).encode()
            headers = {name: value for name, value in self.headers.items() if name.lower() not in ("content-length", "host")}
            request = urllib.request.Request(upstream + self.path, data=body, headers=headers, method="POST")
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                    self._answer(answer.status, answer.read(), answer.headers["Content-Type"])
            except urllib.error.HTTPError as error:
                self._answer(error.code, error.read(), error.headers["Content-Type"])

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://localhost:{server.server_address[1]}"
        try:
            yield {**control_plane, "AWS_ENDPOINT_URL_ECR": address, "AWS_ENDPOINT_URL_CLOUDFORMATION": address}
        finally:
            server.shutdown()


def expanded(template: str) -> str:
    """A template with CloudFormation's own resources in place of SAM's."""
    environment = {**os.environ, "AWS_DEFAULT_REGION": "eu-central-1"}
    argv: Sequence[str] = [str(programs() / "python"), "-c", _EXPAND]
    result = subprocess.run(argv, input=template, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout
