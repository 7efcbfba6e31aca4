"""``optimizer runtimes`` on a synthesized app, against a server of this process that speaks for Lambda."""

from __future__ import annotations

import datetime
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from click.testing import CliRunner, Result

from optimizer import Files, ImageSpec
from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import Lock, LockedImage
from optimizer.cdk import CustomerManagedRuntime, SharedRepositorySynthesizer
from optimizer.cli import runtimes
from optimizer.errors import ConfigurationError, ContextError
from tests.adapters.test_lambda_core import TAKEN

REPOSITORY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/images"


class Lambda(ThreadingHTTPServer):
    """Takes requests, and gives one answer."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.answer: tuple[int, dict[str, Any]] = (201, TAKEN)


class _Handler(BaseHTTPRequestHandler):
    server: Lambda

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, body))
        status, document = self.server.answer
        data = json.dumps(document).encode()
        self.send_response(status)
        if status != 201:
            self.send_header("x-amzn-ErrorType", str(document["Type"]))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[Lambda]:
    with Lambda() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(autouse=True)
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lambda]:
    day = datetime.date(2026, 11, 1)
    pinned = LockedImage(reference=base_image("python3.13").reference, digest="sha256:" + "5" * 64, resolved=day)
    (tmp_path / "optimizer.lock").write_text(Lock().with_images([pinned]).render())
    (tmp_path / "root.pem").write_text("certificate\n")
    monkeypatch.chdir(tmp_path)
    for name, value in {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(name, value)
    with serving() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA_CORE", f"http://127.0.0.1:{server.server_port}")
        yield server


def synth(environment: bool = True) -> CustomerManagedRuntime:
    app = cdk.App(outdir=str(Path("cdk.out").absolute()), default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="images"))
    env = cdk.Environment(account="123456789012", region="eu-central-1") if environment else None
    stack = cdk.Stack(app, "Platform", env=env)
    spec = ImageSpec(runtime="python3.13", steps=[Files("root.pem", to="/opt/house/")])
    made = CustomerManagedRuntime(stack, "House", runtime_name="house-python", spec=spec)
    app.synth()
    return made


def run(*words: str) -> Result:
    return CliRunner().invoke(runtimes.command, ["cdk.out", *words], catch_exceptions=False)


@pytest.mark.parametrize("environment", [True, False], ids=["of a known account", "of any account"])
def test_each_version_is_asked_about_as_it_will_be_made(environment: bool, service: Lambda) -> None:
    made = synth(environment)
    result = run(*([] if environment else ["--repository", REPOSITORY]), "--format", "json")
    assert result.exit_code == 0
    ((path, body),) = service.requests
    assert path == "/2026-10-01/runtimes/house-python/versions"
    assert body == {"Name": made.version_name, "ImageUri": f"{REPOSITORY}:{made.version_name}", "DryRun": True}
    (version,) = json.loads(result.stdout)["versions"]
    assert (version["name"], version["runtime"]) == (f"Platform/House/Version-{made.version_name}", "house-python")
    assert version["answer"]["state"] == "taken"
    assert version["answer"]["architectures"] == ["x86_64", "arm64"]


def test_a_refusal_is_told_with_lambdas_reason_and_exits_with_1(service: Lambda) -> None:
    made = synth()
    service.answer = (400, {"Type": "InvalidParameterValueException", "Message": "the image is too large"})
    result = run()
    assert result.exit_code == 1
    assert "refused" in result.stdout
    assert f"Platform/House/Version-{made.version_name}: the image is too large (InvalidParameterValueException)" in result.stdout


def test_what_only_a_deployment_knows_is_not_asked(service: Lambda) -> None:
    synth(environment=False)
    result = run()
    assert result.exit_code == 0
    assert "ImageUri is known at deployment only; name the repository with --repository HOST/NAME" in result.stdout
    assert service.requests == []


def test_a_runtime_that_is_not_there_yet_is_no_failure(service: Lambda) -> None:
    synth()
    service.answer = (404, {"Type": "ResourceNotFoundException", "Message": "not found"})
    result = run()
    assert result.exit_code == 0
    assert 'there is no runtime "house-python" yet' in result.stdout


def test_an_app_without_a_runtime_is_told_so() -> None:
    app = cdk.App(outdir=str(Path("cdk.out").absolute()))
    cdk.Stack(app, "Shop")
    app.synth()
    with pytest.raises(ContextError, match="has no runtime"):
        run()


def test_another_repository_than_one_of_amazon_ecr_is_refused() -> None:
    synth()
    with pytest.raises(ConfigurationError, match="is no repository of Amazon ECR"):
        run("--repository", "registry.example.com/images")
