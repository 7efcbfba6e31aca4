"""Programs of the project as processes that are forked, not started: nine tenths of a short call were Python's start and imports.

A call has a process of its own all the same, with its directory, environment, standard streams and exit code; it begins where
``python -m`` has found the program and imported what it needs.  What depends on how Python starts belongs in a process that is started.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib.util
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[1]
_STREAMS = 3
_LENGTH_BYTES = 8
_CODE_BYTES = 16
_PATH = "PYTHONPATH"
_MAY_DIFFER = (_PATH, "PYTHONPYCACHEPREFIX")


def run(
    module: str, *words: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, text: str = "", timeout: float = PATIENCE_S
) -> subprocess.CompletedProcess[str]:
    """What ``python -m module words`` does, of a module of the project; ``PYTHONPATH`` is the root of the project unless it is given."""
    environment = {_PATH: str(ROOT), **(os.environ if env is None else env)}
    others = {
        name
        for name, value in environment.items()
        if name.startswith("PYTHON") and name not in _MAY_DIFFER and value != os.environ.get(name)
    }
    assert not others, f"{sorted(others)} matter when Python starts: start a process"
    with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        given.write(text)
        given.seek(0)
        call = {"module": module, "words": words, "directory": str(cwd or Path.cwd()), "environment": environment}
        code = _server().call(json.dumps(call).encode(), [given.fileno(), out.fileno(), err.fileno()], timeout)
        for stream in (out, err):
            stream.seek(0)
        return subprocess.CompletedProcess([sys.executable, "-m", module, *words], code, out.read(), err.read())


class _Server:
    """The process that forks one for each call; it ends with this one."""

    def __init__(self) -> None:
        self._socket, other = socket.socketpair(socket.AF_UNIX)
        with other:
            argv = [sys.executable, "-m", "tests.forked", str(other.fileno())]
            # A group of its own, so that a call that hangs is ended with all that it started.
            self._process = subprocess.Popen(
                argv,
                cwd=ROOT,
                env={**os.environ, _PATH: str(ROOT)},
                pass_fds=[other.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def call(self, message: bytes, streams: Sequence[int], timeout: float) -> int:
        """The exit code of the call, as subprocess gives it."""
        self._socket.settimeout(timeout)
        try:
            socket.send_fds(self._socket, [len(message).to_bytes(_LENGTH_BYTES, "big")], streams)
            self._socket.sendall(message)
            return int(self._socket.recv(_CODE_BYTES))
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            _server.cache_clear()
            raise


@functools.cache
def _server() -> _Server:
    return _Server()


def _serve(calls: socket.socket) -> dict[str, object] | None:
    """Fork a process for each call, in which this gives the call; None in the first process, when there are no more."""
    while True:
        length, streams, _, _ = socket.recv_fds(calls, _LENGTH_BYTES, _STREAMS)
        if not length:
            return None
        call = json.loads(calls.recv(int.from_bytes(length, "big"), socket.MSG_WAITALL))
        _import(call["module"], call["words"])
        child = os.fork()
        if child == 0:
            calls.close()
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
                os.close(stream)
            return dict(call)
        for stream in streams:
            os.close(stream)
        calls.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())


def _import(module: str, words: Sequence[str]) -> None:
    """What the call is going to import, here, where it is imported once."""
    package = "optimizer.cli" if module == "optimizer" else module
    for name in ("main", *words[:1]):
        if name.isidentifier() and importlib.util.find_spec(f"{package}.{name}"):
            importlib.import_module(f"{package}.{name}")
    gc.freeze()


def _run(call: dict[str, object]) -> None:
    """Go on as the program of the call."""
    os.chdir(str(call["directory"]))
    environment = dict(call["environment"])  # type: ignore[call-overload]
    own = 1 + len(os.environ[_PATH].split(os.pathsep))
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:own] = [os.getcwd(), *environment[_PATH].split(os.pathsep)]
    sys.argv = [str(call["module"]), *call["words"]]  # type: ignore[misc]
    runpy.run_module(str(call["module"]), run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as calls:
        found = _serve(calls)
    if found is not None:
        _run(found)
