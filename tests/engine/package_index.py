"""Indexes of Python packages on this machine, which remember what they were asked."""

from __future__ import annotations

import base64
import contextlib
import io
import threading
import zipfile
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CREDENTIALS = "house:hunter2"


def wheel(name: str, version: str, code: str) -> tuple[str, bytes]:
    """The file name and the bytes of a wheel of one module."""
    module = name.replace("-", "_")
    metadata = f"{module}-{version}.dist-info"
    files = {
        f"{module}.py": code,
        f"{metadata}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{metadata}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{metadata}/RECORD"] = "".join(f"{path},,\n" for path in (*files, f"{metadata}/RECORD"))
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return f"{module}-{version}-py3-none-any.whl", data.getvalue()


class PackageIndex:
    """An index in the form of PEP 503, and beside it a page of links to all that it has.

    ``requests`` are the paths that it was asked for, also those that it refused.
    """

    def __init__(self, address: str, credentials: str | None) -> None:
        self.requests: list[str] = []
        self.url = f"http://{address}/simple"
        self.page = f"http://{address}/wheels/"
        self.url_with_credentials = f"http://{credentials}@{address}/simple" if credentials else self.url


@contextlib.contextmanager
def package_index(wheels: Mapping[str, bytes], credentials: str | None = None) -> Iterator[PackageIndex]:
    """An index of the wheels by file name; with credentials, ``user:password``, nothing is given without them."""
    wanted = f"Basic {base64.b64encode(credentials.encode()).decode()}" if credentials else None

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.requests.append(self.path)
            if wanted and self.headers.get("Authorization") != wanted:
                self._answer(401, b"", ("WWW-Authenticate", 'Basic realm="house"'))
                return
            kind, _, name = self.path.strip("/").partition("/")
            if kind == "simple" or (kind, name) == ("wheels", ""):
                files = [file for file in wheels if kind == "wheels" or file.partition("-")[0].replace("_", "-") == name]
                page = "".join(f'<a href="/files/{file}">{file}</a>' for file in files)
                self._answer(200 if files else 404, page.encode(), ("Content-Type", "text/html"))
            else:
                self._answer(200 if name in wheels else 404, wheels.get(name, b""), ("Content-Type", "application/octet-stream"))

        do_HEAD = do_GET

        def _answer(self, status: int, body: bytes, header: tuple[str, str]) -> None:
            self.send_response(status)
            self.send_header(*header)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        index = PackageIndex(f"127.0.0.1:{server.server_address[1]}", credentials)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield index
        finally:
            server.shutdown()
