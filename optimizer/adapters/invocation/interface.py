"""The service side of the Lambda runtime interface and of the Extensions API, for one function, on loopback.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html and
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
import uuid
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

_EVERY_S = 0.5
_LONGEST_LINE = 64


class Answer(NamedTuple):
    """What a runtime posted: ``response`` or ``error``, the body, and when, by the monotonic clock."""

    kind: str
    body: bytes
    at: float


class RuntimeInterface:
    """A server that gives a function its events, and takes its answers.

    ``events`` are those to give, each a request id with a JSON document, and
    ``answers`` what the runtime posted.  ``calls`` are those of the runtime so
    far, such as ``GET invocation/next``; ``reports`` the type and the body of
    each error, by its call.  ``asked_at`` is when it first asked for an event,
    in seconds since the epoch, and ``given_at`` when it last got one, by the
    monotonic clock; both None before.
    """

    def __init__(self, *, name: str = "test", arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:test", timeout_s: float = 30):
        self.events: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.answers: queue.Queue[Answer] = queue.Queue()
        self.extensions: dict[str, str] = {}
        self.extension_events: dict[str, queue.Queue[dict[str, Any]]] = {}
        self.delivered: list[tuple[str, str]] = []
        self.calls: list[str] = []
        self.reports: dict[str, tuple[str, Any]] = {}
        self.asked_at: float | None = None
        self.given_at: float | None = None
        self._name, self._arn, self._timeout_s = name, arn, timeout_s
        self._closed = threading.Event()
        interface = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                interface.get(self)

            def do_POST(self) -> None:
                interface.post(self)

            def log_message(self, format: str, *arguments: Any) -> None:
                """Nothing: the log is the function's."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop serving; calls that wait end without an answer."""
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()

    def get(self, request: BaseHTTPRequestHandler) -> None:
        """Answer what a runtime, or an extension, waits for."""
        self.note(request)
        if request.path.endswith("/runtime/invocation/next"):
            self.asked_at = self.asked_at or time.time()
            if (found := self._next(self.events)) is None:
                return
            request_id, event = found
            self.given_at = time.monotonic()
            headers = {
                "Lambda-Runtime-Aws-Request-Id": request_id,
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + self._timeout_s) * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": self._arn,
            }
            respond(request, 200, event, headers)
        elif request.path.endswith("/extension/event/next"):
            identifier = request.headers["Lambda-Extension-Identifier"]
            if identifier in self.extension_events and (told := self._next(self.extension_events[identifier])) is not None:
                self.delivered.append((self.extensions[identifier], told["eventType"]))
                respond(request, 200, json.dumps(told).encode(), {"Lambda-Extension-Event-Identifier": str(uuid.uuid4())})
        else:
            respond(request, 404, b"{}")

    def post(self, request: BaseHTTPRequestHandler) -> None:
        """Take what a runtime, or an extension, has to say."""
        body = _body(request)
        if request.path.endswith("/extension/register"):
            identifier = str(uuid.uuid4())
            self.extensions[identifier] = request.headers["Lambda-Extension-Name"]
            self.extension_events[identifier] = queue.Queue()
            for event_type in json.loads(body).get("events", []):
                if event_type == "INVOKE":
                    self.extension_events[identifier].put({"eventType": "INVOKE", "requestId": "1", "deadlineMs": 0})
            answer = {"functionName": self._name, "functionVersion": "$LATEST", "handler": self._name}
            respond(request, 200, json.dumps(answer).encode(), {"Lambda-Extension-Identifier": identifier})
            return
        call = self.note(request)
        if call.endswith("/error"):
            with contextlib.suppress(ValueError):
                self.reports[call] = (request.headers.get("Lambda-Runtime-Function-Error-Type") or "", json.loads(body))
        self.answers.put(Answer(request.path.rpartition("/")[2], body, time.monotonic()))
        respond(request, 202, b"{}")

    def note(self, request: BaseHTTPRequestHandler) -> str:
        """The call of a request, which is among ``calls`` from now on where a runtime makes it."""
        call = f"{request.command} {request.path.partition('/runtime/')[2]}"
        if "/runtime/" in request.path:
            self.calls.append(call)
        return call

    def _next(self, waiting: queue.Queue[Any]) -> Any:
        """What comes next; None when the server was closed."""
        while not self._closed.is_set():
            with contextlib.suppress(queue.Empty):
                return waiting.get(timeout=_EVERY_S)
        return None


def respond(request: BaseHTTPRequestHandler, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
    """Answer a request, unless the other side is gone."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        request.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "Content-Type": "application/json", **(headers or {})}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)


def _body(request: BaseHTTPRequestHandler) -> bytes:
    """The body of a request; handlers that stream their answer send it in chunks."""
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return request.rfile.read(int(request.headers.get("Content-Length") or 0))
    chunks = []
    while size := int(request.rfile.readline(_LONGEST_LINE).partition(b";")[0].strip() or b"0", 16):
        chunks.append(request.rfile.read(size))
        request.rfile.readline(_LONGEST_LINE)
    # Trailers say what went wrong in the middle of a stream.
    while request.rfile.readline(65536).strip():
        pass
    return b"".join(chunks)
