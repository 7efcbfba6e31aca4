"""The runtime interface that a function talks to, and the container that it runs in."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimizer.adapters.invocation.container import running
from optimizer.adapters.invocation.interface import RuntimeInterface
from optimizer.errors import EngineError
from tests.adapters.test_engine import FakeDocker
from tests.patience import PATIENCE_S

API = "/2018-06-01/runtime"


@pytest.fixture
def interface() -> Iterator[RuntimeInterface]:
    served = RuntimeInterface(name="orders", arn="arn:orders", timeout_s=5)
    yield served
    served.close()


def call(interface: RuntimeInterface, method: str, path: str, body: object = None, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", interface.port, timeout=PATIENCE_S)
    connection.request(method, path, body, headers, encode_chunked="Transfer-Encoding" in headers)  # type: ignore[arg-type]
    return connection.getresponse()


class TestInterface:
    def test_a_runtime_gets_its_event_and_answers(self, interface: RuntimeInterface) -> None:
        interface.events.put(("id-1", b'{"a": 1}'))
        given = call(interface, "GET", f"{API}/invocation/next")
        assert given.read() == b'{"a": 1}'
        assert given.headers["Lambda-Runtime-Aws-Request-Id"] == "id-1"
        assert given.headers["Lambda-Runtime-Invoked-Function-Arn"] == "arn:orders"
        assert call(interface, "POST", f"{API}/invocation/id-1/response", b'"done"').status == 202
        answer = interface.answers.get(timeout=PATIENCE_S)
        assert (answer.kind, answer.body) == ("response", b'"done"')
        assert interface.given_at is not None and answer.at >= interface.given_at
        assert interface.calls == ["GET invocation/next", "POST invocation/id-1/response"]

    def test_a_streamed_answer_is_read_to_its_end(self, interface: RuntimeInterface) -> None:
        """Handlers that stream send chunks, and no length."""
        headers = {"Transfer-Encoding": "chunked", "Trailer": "Lambda-Runtime-Function-Error-Type"}
        call(interface, "POST", f"{API}/invocation/id-1/response", iter([b"one ", b"", b"two"]), **headers)
        assert interface.answers.get(timeout=PATIENCE_S).body == b"one two"

    def test_an_error_has_its_type(self, interface: RuntimeInterface) -> None:
        call(interface, "POST", f"{API}/init/error", b'{"errorType": "A"}', **{"Lambda-Runtime-Function-Error-Type": "Runtime.A"})
        assert interface.answers.get(timeout=PATIENCE_S).kind == "error"
        assert interface.reports["POST init/error"] == ("Runtime.A", {"errorType": "A"})

    def test_it_listens_on_loopback_alone(self, interface: RuntimeInterface) -> None:
        assert interface.address.startswith("127.0.0.1:")

    def test_an_extension_is_told_of_the_invocation(self, interface: RuntimeInterface) -> None:
        body = json.dumps({"events": ["INVOKE"]}).encode()
        known = call(interface, "POST", "/2020-01-01/extension/register", body, **{"Lambda-Extension-Name": "telemetry"})
        identifier = known.headers["Lambda-Extension-Identifier"]
        told = call(interface, "GET", "/2020-01-01/extension/event/next", **{"Lambda-Extension-Identifier": identifier})
        assert json.loads(told.read())["eventType"] == "INVOKE"
        assert interface.delivered == [("telemetry", "INVOKE")]


class TestContainer:
    @pytest.fixture
    def docker(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
        monkeypatch.setenv("PATH", str(tmp_path))
        fake = FakeDocker(tmp_path)
        fake.answer("container")
        return fake

    def test_it_is_started_as_lambda_starts_one_and_removed(self, docker: FakeDocker) -> None:
        with running(
            "shop:1",
            api_port=4711,
            architecture="arm64",
            command=["app.handler"],
            entrypoint=["/entry", "--flag"],
            workdir="/srv",
            environment={"A": "b c"},
            passed=["TOKEN"],
            memory_mb=512,
            tmp_mb=1024,
        ) as container:
            pass
        create, start, remove = (argv for argv, _, _ in docker.calls())
        assert create[:4] == ["container", "create", "--network=host", "--name"]
        assert {"--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--memory=512m", "--memory-swap=512m"} <= set(create)
        assert create[create.index("--tmpfs") + 1] == "/tmp:rw,exec,nosuid,nodev,mode=1777,size=1024m"
        assert create[create.index("--user") + 1] == "993:990"
        assert {"--platform=linux/arm64", "--workdir=/srv", "--entrypoint=/entry", "A=b c", "AWS_LAMBDA_RUNTIME_API=127.0.0.1:4711"} <= set(
            create
        )
        assert create[-4:] == ["TOKEN", "shop:1", "--flag", "app.handler"]
        assert start == ["container", "start", container.name]
        assert remove == ["container", "rm", "--force", "--volumes", container.name]

    def test_what_cannot_be_made_is_removed_too(self, docker: FakeDocker) -> None:
        docker.answer("container", err="Unable to find image\nError: pull access denied for shop\n", code=125)
        with (
            pytest.raises(EngineError, match="the container cannot be made: Error: pull access denied for shop"),
            running("shop:1", api_port=1, environment={}),
        ):
            pass
        assert [argv[1] for argv, _, _ in docker.calls()] == ["create", "rm"]

    def test_an_interrupt_while_it_is_made_leaves_none(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The engine makes it all the same, when its client is gone, and after it was told to remove it."""
        made, removed, program = tmp_path / "made", tmp_path / "removed", tmp_path / "docker"
        program.write_text(
            f"#!/bin/sh\n[ $2 = rm ] && exec mv {made} {removed}\n"
            f"(trap '' TERM; kill -INT {os.getpid()}; sleep 0.5; touch {made}) >/dev/null 2>&1 &\n[ $2 = create ] && wait\n"
        )
        program.chmod(0o755)
        monkeypatch.setenv("OPTIMIZER_DOCKER", str(program))
        with pytest.raises(KeyboardInterrupt), running("shop:1", api_port=1, environment={}):
            pass
        assert removed.exists() and not made.exists()
