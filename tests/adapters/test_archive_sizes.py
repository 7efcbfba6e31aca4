"""Sizes of npm's archives from a registry, asked over loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from optimizer.adapters.package_index import AskedArchives, archive_sizes_of

SIZES = {"/npm/ms/-/ms-2.0.0.tgz": 100, "/npm/ms/-/ms-2.1.3.tgz": 20, "/npm/@acme/text/-/text-1.0.0.tgz": 7}


@pytest.fixture
def registry() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            if self.path.startswith("/npm/moved/"):
                self.send_response(302)
                self.send_header("Location", "/npm/ms/-/ms-2.0.0.tgz")
            elif self.path.startswith("/npm/closed/"):
                self.send_response(401)
            elif self.path in SIZES:
                self.send_response(200)
                self.send_header("Content-Length", str(SIZES[self.path]))
            else:
                self.send_response(404)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/npm/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_versions_of_one_package_count_together(registry: str) -> None:
    asked = [AskedArchives("ms", ("2.0.0", "2.1.3"), registry), AskedArchives("@acme/text", ("1.0.0",), registry)]
    found = archive_sizes_of([*asked, AskedArchives("moved", ("1.0.0",), registry), AskedArchives("ms", ("2.1.3",), registry)])
    assert (dict(found.sizes), found.failures) == ({"ms": 120, "@acme/text": 7, "moved": 100}, ())


def test_what_is_not_told_has_no_size_and_a_reason(registry: str) -> None:
    found = archive_sizes_of([AskedArchives(name, ("1.0.0",), registry) for name in ("absent", "closed")])
    assert found.sizes == {}
    assert found.failures == (f"the package registry {registry} answers with status 401",)
    found = archive_sizes_of([AskedArchives("ms", ("1.0.0",), "http://example.com")])
    assert found.failures == ("the package registry http://example.com is not asked, as plain HTTP is for this machine alone",)
