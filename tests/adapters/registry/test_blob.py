"""Downloads of long blobs: connections that break, and downloads that begin in the middle."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from optimizer.adapters.registry import blob
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.errors import RegistryError, WrongContentError
from optimizer.model.reference import ImageReference
from tests.adapters.registry_server import RegistryServer, serving, sha256

DATA = os.urandom(12_000)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RegistryServer]:
    monkeypatch.setattr(blob, "_PROGRESS", 1000)
    with serving() as served:
        served.blobs[sha256(DATA)] = DATA
        yield served


def read(server: RegistryServer, start: int = 0, size: int = len(DATA)) -> bytes:
    with HttpRegistry(sleep=lambda seconds: None) as registry:
        return b"".join(registry.blob_chunks(ImageReference.parse(f"{server.host}/images"), sha256(DATA), size, start))


def test_it_gets_here_however_often_it_breaks_as_long_as_it_moves(server: RegistryServer) -> None:
    """Requirement: "a connection dropped in the middle of a long blob goes on where it stopped"."""
    server.cut_blobs = [1000] * 9
    assert read(server) == DATA
    assert server.ranges == [f"bytes={at}-" for at in range(1000, 10_000, 1000)]


def test_one_that_does_not_move_ends_in_an_error(server: RegistryServer) -> None:
    server.cut_blobs = [1000, *[10] * 9]
    with pytest.raises(RegistryError, match="cannot be reached"):
        read(server)
    assert len(server.cut_blobs) == 5


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_it_may_begin_in_the_middle(knows_ranges: bool, server: RegistryServer) -> None:
    server.knows_ranges = knows_ranges
    assert read(server, 5000) == DATA[5000:]
    assert read(server, len(DATA)) == b""


def test_only_its_size_is_checked_then(server: RegistryServer) -> None:
    server.blobs[sha256(DATA)] = DATA[:-1] + bytes([DATA[-1] ^ 1])
    read(server, 1)
    with pytest.raises(WrongContentError, match="another content than the digest"):
        read(server)
    with pytest.raises(WrongContentError, match="more than the 11000 bytes"):
        read(server, 1, 11_000)
