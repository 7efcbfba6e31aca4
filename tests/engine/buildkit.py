"""A BuildKit at an address of its own, for the drivers of buildx that talk to one.

Debian has no ``buildkitd``.  But every engine holds a BuildKit, and gives its
API to who upgrades a connection, which is how buildx's own driver ``docker``
comes to it; put behind a socket, it is what the driver ``remote`` wants.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.engine.daemon import Daemon

_REQUEST = b"POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n"
_END = b"\r\n\r\n"


@contextlib.contextmanager
def remote_builder(engine: Daemon, directory: Path) -> Iterator[Mapping[str, str]]:
    """The environment in which buildx builds with the driver ``remote``, by the BuildKit of an engine."""
    directory.mkdir(parents=True)
    address = directory / "buildkit.sock"
    environment = {"BUILDX_CONFIG": str(directory / "buildx"), "BUILDX_BUILDER": "remote"}
    with _served(engine.environment["DOCKER_HOST"].removeprefix("unix://"), address):
        client = Daemon({**engine.environment, "BUILDX_CONFIG": environment["BUILDX_CONFIG"]})
        client.docker("buildx", "create", "--name", environment["BUILDX_BUILDER"], "--driver", "remote", f"unix://{address}")
        yield environment


@contextlib.contextmanager
def _served(engine: str, address: Path) -> Iterator[None]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.socket(socket.AF_UNIX) as other:
                other.connect(engine)
                other.sendall(_REQUEST)
                answer = b""
                while _END not in answer:
                    answer += other.recv(1) or _END
                if b" 101 " in answer:
                    back = threading.Thread(target=_copy, args=(other, self.request))
                    back.start()
                    _copy(self.request, other)
                    back.join()

    with socketserver.ThreadingUnixStreamServer(str(address), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
