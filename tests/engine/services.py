"""What the engine tests talk to, all on this machine: a registry, an AWS control plane, the Lambda runtime interface."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

DEADLINE_S = 60
_started: dict[int, subprocess.Popen[bytes]] = {}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(argv: list[str], url: str, log: Path, environment: Mapping[str, str] | None = None) -> int:
    """Start a process, and give its id once its URL answers."""
    with log.open("wb") as output:
        process = subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})})
    _started[process.pid] = process
    deadline = time.monotonic() + DEADLINE_S
    while not _answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            _stop(process.pid)
            raise RuntimeError(f"{argv[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.1)
    return process.pid


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _stop(pid: int) -> None:
    """End a process that this one started, or another process of the same run."""
    process = _started.pop(pid, None)
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                return
            if process is not None and process.poll() is not None:
                return
            time.sleep(0.1)


@contextlib.contextmanager
def registry(directory: Path, users: str = "") -> Iterator[str]:
    """A registry; gives its ``host:port``.  With ``users``, lines of an htpasswd file, it requires a login."""
    try:
        yield start_registry(directory, users)
    finally:
        stop_registry(directory)


def start_registry(directory: Path, users: str = "") -> str:
    """Start a registry that keeps all in the directory; gives its ``host:port``."""
    program = shutil.which("docker-registry")
    if program is None:
        raise RuntimeError("docker-registry is not installed; .ci/setup-engine installs it")
    address = f"127.0.0.1:{free_port()}"
    configuration = directory / "registry.yml"
    storage = {"filesystem": {"rootdirectory": str(directory / "blobs")}, "delete": {"enabled": True}}
    settings: dict[str, Any] = {"version": 0.1, "storage": storage, "http": {"addr": address}, "log": {"level": "warn"}}
    if users:
        passwords = directory / "htpasswd"
        passwords.write_text(users)
        settings["auth"] = {"htpasswd": {"realm": "test", "path": str(passwords)}}
    configuration.write_text(json.dumps(settings))
    pid = _start([program, "serve", str(configuration)], f"http://{address}/v2/", directory / "registry.log")
    (directory / "registry.json").write_text(json.dumps({"pid": pid, "address": address}))
    return address


def stop_registry(directory: Path) -> None:
    """Stop the registry of the directory, if it was started, from this process or another."""
    state = directory / "registry.json"
    if state.exists():
        started = json.loads(state.read_text())
        _forget_images(started["address"])
        _stop(started["pid"])
        state.unlink()


def _forget_images(registry: str) -> None:
    """Remove the engine's images of a registry that ends, which nobody can pull or push again."""
    listed = subprocess.run(
        ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"], capture_output=True, text=True, check=False, timeout=60
    )
    names = [name for name in listed.stdout.split() if name.startswith(f"{registry}/") and not name.endswith(":<none>")]
    if names:
        subprocess.run(["docker", "image", "rm", "--force", *names], capture_output=True, check=False, timeout=300)


def manifest(registry: str, repository: str, reference: str) -> dict[str, Any]:
    """The manifest, or the index, of a tag or digest."""
    request = urllib.request.Request(f"http://{registry}/v2/{repository}/manifests/{reference}")
    kinds = [f"application/vnd.docker.distribution.manifest.{kind}v2+json" for kind in ("", "list.")]
    kinds += [f"application/vnd.oci.image.{kind}.v1+json" for kind in ("manifest", "index")]
    request.add_header("Accept", ", ".join(kinds))
    with urllib.request.urlopen(request, timeout=30) as answer:
        return dict(json.load(answer))


@contextlib.contextmanager
def control_plane(directory: Path) -> Iterator[dict[str, str]]:
    """An AWS control plane; gives the environment in which the AWS SDKs and CDK use it."""
    port = free_port()
    # The host must be localhost: the template's URL is read by its host name.
    endpoint = f"http://localhost:{port}"
    environment = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "NO_PROXY": "localhost,127.0.0.1",
    }
    # It ends with this process, also when that is killed.
    argv = ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    pid = _start(argv, endpoint + "/moto-api/", directory / "control-plane.log", {"MOTO_LAMBDA_STUB_ECR": "TRUE"})
    try:
        yield environment
    finally:
        _stop(pid)


class RuntimeInterface:
    """The service side of the Lambda runtime interface and of the Extensions API, for one function.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html and
    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
    """

    def __init__(self) -> None:
        self.events: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.answers: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.extensions: dict[str, str] = {}
        self.extension_events: dict[str, queue.Queue[dict[str, Any]]] = {}
        self.delivered: list[tuple[str, str]] = []
        interface = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                interface.get(self)

            def do_POST(self) -> None:
                interface.post(self)

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def get(self, request: BaseHTTPRequestHandler) -> None:
        if request.path.endswith("/runtime/invocation/next"):
            with contextlib.suppress(queue.Empty):
                request_id, event = self.events.get(timeout=DEADLINE_S)
                headers = {
                    "Lambda-Runtime-Aws-Request-Id": request_id,
                    "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 30_000),
                    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:test",
                }
                _answer(request, 200, event, headers)
        elif request.path.endswith("/extension/event/next"):
            identifier = request.headers["Lambda-Extension-Identifier"]
            with contextlib.suppress(queue.Empty):
                event = self.extension_events[identifier].get(timeout=DEADLINE_S)
                self.delivered.append((self.extensions[identifier], event["eventType"]))
                _answer(request, 200, json.dumps(event).encode(), {"Lambda-Extension-Event-Identifier": str(uuid.uuid4())})
        else:
            _answer(request, 404, b"{}")

    def post(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        if request.path.endswith("/extension/register"):
            identifier = str(uuid.uuid4())
            self.extensions[identifier] = request.headers["Lambda-Extension-Name"]
            self.extension_events[identifier] = queue.Queue()
            for event_type in json.loads(body).get("events", []):
                if event_type == "INVOKE":
                    self.extension_events[identifier].put({"eventType": "INVOKE", "requestId": "1", "deadlineMs": 0})
            answer = {"functionName": "test", "functionVersion": "$LATEST", "handler": "test"}
            _answer(request, 200, json.dumps(answer).encode(), {"Lambda-Extension-Identifier": identifier})
            return
        self.answers.put((request.path.rpartition("/")[2], body))
        _answer(request, 202, b"{}")


def _answer(request: BaseHTTPRequestHandler, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        request.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "Content-Type": "application/json", **(headers or {})}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)


def invoke(image: str, handler: str, event: Any, environment: Mapping[str, str] | None = None, extension: str | None = None) -> Any:
    """The answer of a function's image to one event, run as Lambda runs it: read-only, unprivileged, one argument.

    With ``extension``, waits until the extension of that name was told of the
    invocation too.  Raises RuntimeError, with the logs, for an error or none.
    """
    interface = RuntimeInterface()
    variables = {
        "AWS_LAMBDA_RUNTIME_API": interface.address,
        "AWS_LAMBDA_FUNCTION_NAME": "test",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_REGION": "eu-central-1",
        **(environment or {}),
    }
    flags = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
    # Lambda's user is neither root nor known to the image.
    argv = ["docker", "run", "--detach", "--network", "host", "--read-only", "--tmpfs", "/tmp", "--user", "993:990", *flags, image, handler]
    container = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=DEADLINE_S).stdout.strip()
    try:
        interface.events.put((str(uuid.uuid4()), json.dumps(event).encode()))
        try:
            kind, body = interface.answers.get(timeout=DEADLINE_S)
        except queue.Empty:
            kind, body = "timeout", b"no answer"
        deadline = time.monotonic() + 10
        while extension and (extension, "INVOKE") not in interface.delivered and time.monotonic() < deadline:
            time.sleep(0.05)
        if extension and (extension, "INVOKE") not in interface.delivered:
            kind, body = "extension", f"{extension} was not told; told: {interface.delivered}".encode()
        if kind != "response":
            logs = subprocess.run(["docker", "logs", container], capture_output=True, text=True, timeout=DEADLINE_S, check=False)
            raise RuntimeError(f"{image} {handler}: {kind}: {body.decode()}\n{logs.stdout}{logs.stderr}")
        return json.loads(body)
    finally:
        subprocess.run(["docker", "rm", "--force", container], capture_output=True, timeout=DEADLINE_S, check=False)
        interface.close()
