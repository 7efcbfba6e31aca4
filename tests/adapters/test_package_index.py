"""Sizes of packages from an index, asked over loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from optimizer.adapters.package_index import AskedRelease, sizes_of

FILES = {
    "numpy": [
        ("numpy-2.0.0-cp313-cp313-manylinux_2_17_x86_64.whl", 18_000_000),
        ("numpy-2.0.0-cp313-cp313-manylinux_2_17_aarch64.whl", 15_000_000),
        ("numpy-1.0.0-cp313-cp313-manylinux_2_17_x86_64.whl", 1),
        ("numpy-2.0.0.tar.gz", 20_000_000),
        ("numpy-no-wheel.whl", 5),
    ],
    "six": [("six-1.17-py2.py3-none-any.whl", 11_050)],
    "old": [("old-1-py3-none-any.whl", None)],
}


@pytest.fixture
def breaking() -> list[str]:
    """The packages whose next question each ends without an answer."""
    return []


@pytest.fixture
def index(breaking: list[str]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.split("/")[-2]
            if name in breaking:
                breaking.remove(name)
                return
            if name == "moved":
                self.send_response(301)
                self.send_header("Location", "/simple/six/")
                self.end_headers()
                return
            page = {"files": [{"filename": file, **({"size": size} if size else {})} for file, size in FILES.get(name, ())]}
            text = "<html>" if name == "html" else json.dumps(page) if self.headers["Accept"].endswith("+json") else ""
            self.send_response({"broken": 500, "nothing": 404}.get(name, 200))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/simple"
    server.shutdown()
    thread.join()
    server.server_close()


def asked(name: str, version: str, *indexes: str, architecture: str = "x86_64") -> AskedRelease:
    return AskedRelease(name, version, "python3.13", architecture, indexes)


def test_the_wheel_that_the_image_would_get_has_the_size(index: str) -> None:
    """Requirement: "sizes and seconds: ... from wheels/index only when asked"."""
    found = sizes_of([asked("numpy", "2.0.0", index, architecture="arm64"), asked("six", "1.17.0", f"{index}/")])
    assert (found.sizes, found.failures) == ({"numpy": 15_000_000, "six": 11_050}, ())
    both = [asked("numpy", "2.0.0", index, architecture=name) for name in ("x86_64", "arm64")]
    assert sizes_of(both).sizes == {"numpy": 18_000_000}


@pytest.mark.parametrize(
    ("name", "version"), [("nothing", "1"), ("old", "1"), ("six", "2"), ("six", "git+https://example.com"), ("numpy", "")]
)
def test_what_the_index_does_not_have_stays_unknown(index: str, name: str, version: str) -> None:
    found = sizes_of([asked(name, version, index)])
    assert (found.sizes, found.failures) == ({}, ())


def test_the_next_index_is_asked_where_one_has_nothing(index: str) -> None:
    assert sizes_of([asked("six", "1.17", "http://127.0.0.1:1/simple", index)]).sizes == {"six": 11_050}
    assert sizes_of([asked("moved", "1.17", index)]).failures == ()


@pytest.mark.parametrize(
    ("name", "why"), [("broken", "answers with status 500"), ("html", "does not answer in JSON, which alone has sizes")]
)
def test_an_index_that_cannot_answer_is_named_once(index: str, name: str, why: str) -> None:
    found = sizes_of([asked(name, "1", index), asked(name, "2", index)])
    assert found.failures == (f"the package index {index} {why}",)


def test_no_password_goes_over_plain_http_or_into_a_message() -> None:
    found = sizes_of([asked("six", "1", "http://user:secret@example.com/simple")])
    assert found.failures == ("the package index http://example.com/simple is not asked, as plain HTTP is for this machine alone",)


def test_a_connection_that_breaks_is_no_answer_of_the_index(index: str, breaking: list[str]) -> None:
    """Indexes close kept connections when they like, also when the next question is on its way."""
    breaking += ["six"]
    assert sizes_of([asked("six", "1.17", index)]).sizes == {"six": 11_050}
    breaking += ["six"] * 2
    (failure,) = sizes_of([asked("six", "1.17", index)]).failures
    assert "does not answer: " in failure


def test_an_index_that_is_not_there_is_said() -> None:
    (failure,) = sizes_of([asked("six", "1", "http://127.0.0.1:1/simple")]).failures
    assert failure.startswith("the package index http://127.0.0.1:1/simple does not answer: ")
