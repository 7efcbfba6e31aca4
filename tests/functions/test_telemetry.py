"""The extension as a process, against a server that speaks the Extensions API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.patience import PATIENCE_S

EXTENSION = Path(__file__).parents[2] / "functions" / "extensions" / "telemetry.py"
EVENTS = [
    {"eventType": "INVOKE", "requestId": "r-1", "deadlineMs": 1},
    {"eventType": "INVOKE", "requestId": "r-2", "deadlineMs": 2},
    {"eventType": "SHUTDOWN", "shutdownReason": "spindown"},
]


class Api(ThreadingHTTPServer):
    """Lambda's side: hands out the events, and keeps what was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.events = list(EVENTS)
        self.registered: list[tuple[str | None, Any]] = []


class Handler(BaseHTTPRequestHandler):
    server: Api

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.registered.append((self.headers["Lambda-Extension-Name"], body))
        self._answer({"functionName": "f"}, path="/2020-01-01/extension/register")

    def do_GET(self) -> None:
        known = self.headers["Lambda-Extension-Identifier"] == "id-1" and self.server.events
        self._answer(self.server.events.pop(0) if known else None, path="/2020-01-01/extension/event/next")

    def _answer(self, value: Any, path: str) -> None:
        right = self.path == path and value is not None
        body = json.dumps(value).encode() if right else b"{}"
        self.send_response(200 if right else 403)
        self.send_header("Lambda-Extension-Identifier", "id-1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[Api]:
    with Api() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run(program: Path, host: str | None) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "AWS_LAMBDA_RUNTIME_API"}
    if host is not None:
        environment["AWS_LAMBDA_RUNTIME_API"] = host
    return subprocess.run([sys.executable, "-B", str(program)], env=environment, capture_output=True, text=True, timeout=PATIENCE_S)


def test_every_event_is_logged_until_the_shutdown(api: Api, tmp_path: Path) -> None:
    # In the image the file has no suffix; its own name is what it registers under.
    program = tmp_path / "telemetry"
    program.write_bytes(EXTENSION.read_bytes())
    result = run(program, f"127.0.0.1:{api.server_port}")
    assert (result.returncode, result.stderr) == (0, "")
    assert api.registered == [("telemetry", {"events": ["INVOKE", "SHUTDOWN"]})]
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["message"] for line in lines] == ["registered", "invoke", "invoke", "shutdown"]
    assert [line.get("request") for line in lines] == [None, "r-1", "r-2", None]
    assert (lines[-1]["reason"], lines[-1]["invocations"]) == ("spindown", 2)


def test_a_refusal_ends_the_extension_with_one_line(api: Api) -> None:
    api.events.clear()
    result = run(EXTENSION, f"127.0.0.1:{api.server_port}")
    assert result.returncode == 1
    assert result.stderr == f"telemetry: the Extensions API at 127.0.0.1:{api.server_port} failed: HTTP Error 403: Forbidden\n"


def test_outside_of_lambda_it_says_so() -> None:
    result = run(EXTENSION, None)
    assert result.returncode == 1
    assert result.stderr == "telemetry: AWS_LAMBDA_RUNTIME_API is not set; Lambda starts this extension, not a person\n"


def test_the_extension_is_executable() -> None:
    assert os.access(EXTENSION, os.X_OK)
