"""Uploads whose connections break, to docker-registry itself."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimizer.adapters.registry import upload
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.model.reference import ImageReference
from tests.engine.services import registry

PART = 1 << 20
DATA = os.urandom(6 * PART + 321)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    if shutil.which("docker-registry") is None and os.environ.get("OPTIMIZER_REQUIRE_ENGINE") != "1":
        pytest.skip("docker-registry is not installed; .ci/setup-engine installs it")
    with registry(tmp_path) as started:
        yield started


@contextlib.contextmanager
def cutting(address: str, cuts: list[int]) -> Iterator[str]:
    """A way to a host that breaks connections: each time after so many bytes more than any request without a blob has."""
    host, _, port = address.partition(":")
    listener = socket.create_server(("127.0.0.1", 0))

    def pass_on(source: socket.socket, target: socket.socket, counted: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
                passed += len(data)
                if counted and cuts and passed > cuts[0]:
                    cuts.pop(0)
                    break
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def answer() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection((host, int(port)))
                for ends in ((client, server, True), (server, client, False)):
                    threading.Thread(target=pass_on, args=ends, daemon=True).start()

    threading.Thread(target=answer, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


@pytest.mark.parametrize("cuts", [[], [100_000], [4 * PART], [4 * PART, 2 * PART + 100, 5 * PART]])
def test_a_broken_upload_is_stored_whole(cuts: list[int], address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "connection dropped in a blob": the same run succeeds."""
    monkeypatch.setattr(upload, "PART", PART)
    digest = f"sha256:{hashlib.sha256(DATA).hexdigest()}"
    left = list(cuts)
    with cutting(address, left) as way, HttpRegistry(sleep=lambda seconds: None) as client:
        repository = client.repository(ImageReference.parse(f"{way}/uploaded"))
        repository.upload(digest, len(DATA), lambda start: (DATA[at : at + 50_000] for at in range(start, len(DATA), 50_000)))
    assert left == []
    with HttpRegistry() as client:
        stored = client.blob_chunks(ImageReference.parse(f"{address}/uploaded"), digest, len(DATA))
        assert b"".join(stored) == DATA
