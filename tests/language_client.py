"""An editor's side of the Language Server Protocol, over the standard streams of a server that is started."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE_S


class LanguageClient:
    """A server, and what it has said.

    ``diagnostics`` are the last ones of each URI, and ``said`` all that came on
    the standard error.
    """

    def __init__(self, argv: Sequence[str], directory: Path, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            argv,
            cwd=directory,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._ids = itertools.count(1)
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.diagnostics: dict[str, list[dict[str, Any]]] = {}
        self.versions: dict[str, Any] = {}
        self.logged: list[str] = []
        self.said = ""
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._read, self._listen)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> LanguageClient:
        return self

    def __exit__(self, *_: object) -> None:
        # The program may be a wrapper, whose end is not that of the server; a group lives until its last process ends.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for thread in self._threads:
            thread.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream is not None
            with contextlib.suppress(BrokenPipeError):
                stream.close()

    def initialize(self, directory: Path, **known: Any) -> dict[str, Any]:
        """The capabilities of the server, for a client that knows all that the tests look at."""
        parameters = {"processId": os.getpid(), "rootUri": directory.as_uri(), "capabilities": {}, **known}
        capabilities = self.request("initialize", parameters)["capabilities"]
        self.notify("initialized", {})
        return capabilities

    def request(self, method: str, parameters: Any) -> Any:
        """The result of a request; an AssertionError with the server's words for an error."""
        answer = self.answer(method, parameters)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def answer(self, method: str, parameters: Any) -> dict[str, Any]:
        """The whole answer to a request, which may be an error."""
        number = next(self._ids)
        self._send({"id": number, "method": method, "params": parameters})
        return self._until(lambda message: message.get("id") == number and "method" not in message)

    def notify(self, method: str, parameters: Any) -> None:
        self._send({"method": method, "params": parameters})

    def open(self, uri: str, text: str, language: str, version: int = 1) -> None:
        self.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": language, "version": version, "text": text}})

    def published(self, uri: str, enough: Callable[[list[dict[str, Any]]], bool] = lambda found: True) -> list[dict[str, Any]]:
        """The next diagnostics of the URI that are enough; those that have come already count too."""
        if uri in self.diagnostics and enough(self.diagnostics[uri]):
            return self.diagnostics[uri]
        self._until(lambda message: uri in self.diagnostics and enough(self.diagnostics[uri]))
        return self.diagnostics[uri]

    def forget(self, uri: str) -> None:
        """Let :meth:`published` wait for new ones."""
        self.diagnostics.pop(uri, None)

    def end(self) -> int:
        """Shut the server down as the protocol has it; its exit code."""
        self.request("shutdown", None)
        self.notify("exit", None)
        return self._process.wait(PATIENCE_S)

    def _until(self, found: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            try:
                message = self._messages.get(timeout=PATIENCE_S)
            except queue.Empty:
                raise AssertionError(f"the server says nothing more; on standard error:\n{self.said}") from None
            if message is None:
                raise AssertionError(f"the server has ended; on standard error:\n{self.said}")
            if message.get("method") == "textDocument/publishDiagnostics":
                self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
                self.versions[message["params"]["uri"]] = message["params"].get("version")
            elif message.get("method") in ("window/logMessage", "window/showMessage"):
                self.logged.append(message["params"]["message"])
            elif "method" in message and "id" in message:
                self._send({"id": message["id"], "result": None})
            if found(message):
                return message

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
        self._process.stdin.flush()

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while line := stream.readline():
            length = 0
            while line.strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                line = stream.readline()
            self._messages.put(json.loads(stream.read(length)))
        self._messages.put(None)

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.said += line.decode(errors="replace")
