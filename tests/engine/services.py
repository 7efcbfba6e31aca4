"""What the engine tests talk to, all on this machine: a registry, an AWS control plane, the Lambda runtime interface."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, TypeVar

from optimizer.adapters.invocation.container import Container, running
from optimizer.adapters.invocation.interface import RuntimeInterface, respond
from tests.patience import PATIENCE_S, wait_until

_Interface = TypeVar("_Interface", bound=RuntimeInterface)

_started: dict[int, subprocess.Popen[bytes]] = {}


def _start(argv: list[str], listens: str, log: Path, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Start a process that looks for a free port itself; gives its id, and the ``host:port`` that its log tells by the pattern."""
    with log.open("wb") as output:
        process = subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})})
    _started[process.pid] = process

    def address() -> str:
        found = re.search(listens, log.read_text(errors="replace"))
        return found[1] if found else ""

    try:
        wait_until(
            lambda: address() and _answers(f"http://{address()}/"),
            lost=lambda: process.poll() is not None,
            said=lambda: f"{argv[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}",
        )
    except BaseException:
        _stop(process.pid)
        raise
    return process.pid, address()


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=10).close()
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
    configuration = directory / "registry.yml"
    storage = {"filesystem": {"rootdirectory": str(directory / "blobs")}, "delete": {"enabled": True}}
    settings: dict[str, Any] = {"version": 0.1, "storage": storage, "http": {"addr": "127.0.0.1:0"}, "log": {"level": "info"}}
    if users:
        passwords = directory / "htpasswd"
        passwords.write_text(users)
        settings["auth"] = {"htpasswd": {"realm": "test", "path": str(passwords)}}
    configuration.write_text(json.dumps(settings))
    pid, address = _start([program, "serve", str(configuration)], r'listening on (127\.0\.0\.1:\d+)"', directory / "registry.log")
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
        subprocess.run(["docker", "image", "rm", "--force", *names], capture_output=True, check=False, timeout=PATIENCE_S)


def manifest(registry: str, repository: str, reference: str) -> dict[str, Any]:
    """The manifest, or the index, of a tag or digest."""
    request = urllib.request.Request(f"http://{registry}/v2/{repository}/manifests/{reference}")
    kinds = [f"application/vnd.docker.distribution.manifest.{kind}v2+json" for kind in ("", "list.")]
    kinds += [f"application/vnd.oci.image.{kind}.v1+json" for kind in ("manifest", "index")]
    request.add_header("Accept", ", ".join(kinds))
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return dict(json.load(answer))


@contextlib.contextmanager
def control_plane(directory: Path) -> Iterator[dict[str, str]]:
    """An AWS control plane; gives the environment in which the AWS SDKs and CDK use it."""
    # It ends with this process, also when that is killed.
    argv = ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", "0"]
    variables = {"MOTO_LAMBDA_STUB_ECR": "TRUE", "PYTHONUNBUFFERED": "1"}
    pid, address = _start(argv, r"Running on http://(127\.0\.0\.1:\d+)\n", directory / "control-plane.log", variables)
    # The host must be localhost: the template's URL is read by its host name.
    endpoint = f"http://localhost:{address.rpartition(':')[2]}"
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
    try:
        yield environment
    finally:
        _stop(pid)


def forget_all(control_plane: Mapping[str, str]) -> None:
    """Let a control plane have nothing, as a new one."""
    request = urllib.request.Request(f"{control_plane['AWS_ENDPOINT_URL']}/moto-api/reset", data=b"", method="POST")
    urllib.request.urlopen(request, timeout=PATIENCE_S).close()


class RestoringInterface(RuntimeInterface):
    """The runtime interface for a function with SnapStart, which waits until :meth:`restore` is called."""

    def __init__(self) -> None:
        self._restored = threading.Event()
        self._restore_status = 200
        super().__init__()

    def restore(self, status: int = 200) -> None:
        """Answer the call of a function that waits for being restored."""
        self._restore_status = status
        self._restored.set()

    def get(self, request: BaseHTTPRequestHandler) -> None:
        if not request.path.endswith("/runtime/restore/next"):
            super().get(request)
            return
        self.note(request)
        if self._restored.wait(PATIENCE_S):
            respond(request, self._restore_status, b"")


def invoke(image: str, handler: str, event: Any, environment: Mapping[str, str] | None = None, extension: str | None = None) -> Any:
    """The answer of a function's image to one event, run as Lambda runs it: read-only, unprivileged, one argument.

    With ``extension``, waits until the extension of that name was told of the
    invocation too.  Raises RuntimeError, with the logs, for an error or none.
    """
    with _running(image, handler, environment or {}, RuntimeInterface()) as (interface, container):
        return _answer_to(event, interface, container, extension)


def invoke_restored(image: str, handler: str, event: Any) -> tuple[Any, list[str]]:
    """The answer of an image with SnapStart to one event, with the calls of its runtime: it is restored once it waits for that.

    Raises RuntimeError as :func:`invoke`, and where it does not wait.
    """
    with _running(image, handler, {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}, RestoringInterface()) as (interface, container):
        wait_until(lambda: interface.calls, lost=lambda: not container.state().running, said=container.log)
        if interface.calls != ["GET restore/next"]:
            raise RuntimeError(f"{image} does not wait for a restore, it called {interface.calls}\n{container.log()}")
        interface.restore()
        return _answer_to(event, interface, container), [*interface.calls]


@contextlib.contextmanager
def _running(image: str, handler: str, environment: Mapping[str, str], interface: _Interface) -> Iterator[tuple[_Interface, Container]]:
    """A container of an image, and the service that it talks to."""
    variables = {
        "AWS_LAMBDA_FUNCTION_NAME": "test",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_REGION": "eu-central-1",
        **environment,
    }
    try:
        with running(image, api_port=interface.port, command=[handler], environment=variables) as container:
            yield interface, container
    finally:
        interface.close()


def _answer_to(event: Any, interface: RuntimeInterface, container: Container, extension: str | None = None) -> Any:
    interface.events.put((str(uuid.uuid4()), json.dumps(event).encode()))

    def answered() -> bool:
        found = list(interface.answers.queue)
        return bool(found) and (found[0].kind != "response" or not extension or (extension, "INVOKE") in interface.delivered)

    wait_until(
        answered,
        lost=lambda: not container.state().running,
        said=lambda: (
            f"{container.name}: no answer; {extension or 'no extension'} is to be told; told: {interface.delivered}\n{container.log()}"
        ),
    )
    kind, body, _ = interface.answers.get()
    if kind != "response":
        raise RuntimeError(f"{container.name}: {kind}: {body.decode()}\n{container.log()}")
    return json.loads(body)
