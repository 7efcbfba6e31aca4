"""Uploads that break off, at registries that do different things with them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from optimizer.adapters.registry import upload
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.connections import PATIENCE_S, Connections
from optimizer.errors import RegistryError
from optimizer.model.reference import ImageReference
from tests.adapters.push_server import PushServer, serving_pushes
from tests.adapters.registry_server import sha256

PART = 1000
DATA = os.urandom(10 * PART + 234)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PushServer]:
    monkeypatch.setattr(upload, "PART", PART)
    with serving_pushes() as served:
        yield served


def send(server: PushServer, data: bytes = DATA) -> list[int]:
    """Upload a blob; gives where its bytes were asked for from."""
    asked = []

    def content(start: int) -> Iterable[bytes]:
        asked.append(start)
        return (data[at : at + 300] for at in range(start, len(data), 300))

    with HttpRegistry(sleep=lambda seconds: None) as registry:
        registry.repository(ImageReference.parse(f"{server.host}/images")).upload(sha256(data), len(data), content)
    assert server.blobs[sha256(data)] == data
    return asked


def methods(server: PushServer) -> list[str]:
    return [method for method, path in server.calls if "/blobs/uploads/" in path]


@pytest.mark.parametrize("size", [1, PART, PART + 1, len(DATA)])
def test_what_does_not_break_is_one_request_after_another(size: int, server: PushServer) -> None:
    assert send(server, DATA[:size]) == [0]
    assert methods(server) == ["POST", "PUT"]


@pytest.mark.parametrize("kind", ["kept", "ecr"])
@pytest.mark.parametrize("cuts", [[0], [2], [7 * PART + 17], [PART, 500, 999], [len(DATA)]])
def test_it_goes_on_where_it_stopped(kind: str, cuts: list[int], server: PushServer) -> None:
    """Requirement: "a connection dropped in the middle of a long blob goes on where it stopped"."""
    server.broken_uploads, server.cut_uploads = kind, list(cuts)
    send(server)
    assert methods(server).count("POST") == 1
    assert server.received == len(DATA), "no byte is stored twice"


def test_a_registry_that_tells_is_asked_from_where_to_go_on(server: PushServer) -> None:
    server.broken_uploads, server.cut_uploads = "kept", [2500]
    assert send(server) == [0, 2500]
    assert methods(server) == ["POST", "PUT", "GET", *["PATCH"] * 8, "PUT"]


@pytest.mark.parametrize("resets", [False, True])
@pytest.mark.parametrize("cuts", [[500], [2500], [2500, 999], [2500, 999, 10, 10]])
def test_a_registry_that_forgets_gets_it_again_in_parts(cuts: list[int], resets: bool, server: PushServer) -> None:
    """What docker-registry 2.8 does: an upload that broke off within a request is not known any more."""
    server.resets = resets
    server.broken_uploads, server.cut_uploads = "lost", list(cuts)
    send(server)
    assert methods(server).count("POST") == 1 + len(cuts)
    assert "PATCH" in methods(server)


def test_a_registry_that_takes_no_parts_gets_it_whole_again(server: PushServer) -> None:
    """Requirement: "server that does not support it: from the start as now"."""
    server.broken_uploads, server.cut_uploads = "whole", [2500, 2500]
    assert send(server)[-1] == 0
    assert methods(server)[-2:] == ["POST", "PUT"]


def test_an_answer_that_is_lost_costs_a_question(server: PushServer) -> None:
    server.lost_answers = 1
    assert send(server) == [0]
    assert methods(server) == ["POST", "PUT"]
    assert [path for method, path in server.calls if method == "HEAD"] == [f"/v2/images/blobs/{sha256(DATA)}"]


def test_a_registry_may_think_long_over_a_whole_blob(server: PushServer, monkeypatch: pytest.MonkeyPatch) -> None:
    patience: dict[str, float] = {}
    open_request = Connections.open

    def opened(self: Connections, method: str, url: str, headers: Any, body: Any, patience_s: float = PATIENCE_S) -> Any:
        patience[method] = patience_s
        return open_request(self, method, url, headers, body, patience_s)

    monkeypatch.setattr(Connections, "open", opened)
    send(server)
    assert patience == {"POST": PATIENCE_S, "PUT": 300}


def test_a_blob_that_is_thought_over_for_longer_is_found_there(server: PushServer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, stored = threading.Event(), threading.Event()
    # What is asked for then is answered after all has come that was sent before.
    server.before_head = [lambda: stored.wait(PATIENCE_S), asked.set]
    server.before_answer = [stored.set, lambda: asked.wait(PATIENCE_S)]
    monkeypatch.setattr(upload, "_PATIENCE_S", 0.1)
    assert send(server) == [0]
    assert methods(server) == ["POST", "PUT"]


def test_small_blobs_begin_anew(server: PushServer) -> None:
    server.broken_uploads, server.cut_uploads = "kept", [10, 20]
    assert send(server, DATA[:PART]) == [0, 0, 0]
    assert methods(server) == ["POST", "PUT"] * 3


@pytest.mark.parametrize("kind", ["kept", "ecr", "lost", "whole"])
def test_one_that_always_breaks_ends_in_an_error(kind: str, server: PushServer) -> None:
    server.broken_uploads, server.cut_uploads = kind, [0] * 50
    with pytest.raises(RegistryError, match="cannot be reached"):
        send(server)
    assert len(server.cut_uploads) >= 37, "five times in all, and two guesses after each but the last"


@pytest.mark.parametrize("kind", ["kept", "ecr", "lost"])
def test_each_byte_on_the_way_counts_as_progress(kind: str, server: PushServer) -> None:
    """A long blob on a bad line gets there, however many times it breaks, as long as it moves."""
    server.broken_uploads = kind
    server.cut_uploads = [PART + 1] + ([0, PART // 2] if kind == "lost" else [400] * 20)
    send(server)
    assert server.cut_uploads == []


@pytest.mark.parametrize("lost", range(8))
def test_a_refusal_that_is_lost_is_no_new_beginning(lost: int, server: PushServer) -> None:
    """A registry that refuses a part before all of it came may end the connection so that nobody sees its answer."""
    server.broken_uploads, server.cut_uploads = "ecr", [PART + 1] + [400] * 8
    server.lost_refusals = [number == lost for number in range(8)]
    send(server)
    assert methods(server).count("POST") == 1
    assert server.received == len(DATA), "no byte is stored twice"


def test_a_registry_that_never_says_where_to_go_on_gets_it_again(server: PushServer) -> None:
    server.broken_uploads, server.cut_uploads = "ecr", [2500]
    server.lost_refusals = [True] * 2
    send(server)
    assert methods(server).count("POST") == 2


def test_a_busy_registry_is_asked_again(server: PushServer) -> None:
    server.broken_uploads = "kept"
    server.refused = {"/blobs/uploads/u1": 503}
    send(server)
    server.refused = {f"/blobs/uploads/u{number}": 503 for number in range(2, 12)}
    with pytest.raises(RegistryError, match="answered 503 to 5 requests for the blob sha256:"):
        send(server, DATA[:PART])


def test_a_token_that_expires_between_two_parts_is_asked_for_anew(server: PushServer) -> None:
    server.auth, server.broken_uploads, server.cut_uploads = "bearer", "kept", [2500]
    server.before_patch = [lambda: server.refused.update({"/blobs/uploads/u1": 401})]
    send(server)
    assert server.refused == {}


def test_what_is_stored_as_something_else_is_sent_again_whole(server: PushServer) -> None:
    """A registry that takes parts for what they are not is found out by the digest."""
    server.broken_uploads, server.cut_uploads = "kept", [2500]
    server.before_patch = [lambda: server.uploads["u1"].__setitem__(0, server.uploads["u1"][0] ^ 1)]
    assert send(server) == [0, 2500, 0]


def test_wrong_content_is_never_sent_to_its_end(server: PushServer) -> None:
    """What finds at the end that the bytes are wrong does so before the registry has all of them."""

    def content(start: int) -> Iterator[bytes]:
        yield from (DATA[:600], DATA[600:])
        raise RegistryError("another content")

    with HttpRegistry(sleep=lambda seconds: None) as registry, pytest.raises(RegistryError, match="another content"):
        registry.repository(ImageReference.parse(f"{server.host}/images")).upload(sha256(DATA), len(DATA), content)
    assert server.blobs == {}
