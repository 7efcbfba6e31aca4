"""The registry inside the test process, for pushes: which repository has which blob, and what goes wrong on the way."""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager

from tests.adapters.registry_server import RegistryServer, _Handler, _token_for, listening, sha256


class PushServer(RegistryServer):
    """A registry that takes pushes, as the distribution specification has them."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, set[str]] = {}  # blobs by repository
        self.immutable = False  # tags are never moved, not even to the same manifest
        self.mounts = True
        self.cut_uploads: list[int] = []  # after how many bytes the next uploads break off
        self.refused: dict[str, int] = {}  # statuses of the next PUTs or POSTs whose path holds a text
        self.calls: list[tuple[str, str]] = []  # method and path
        self.received = 0  # bytes of blobs
        self.uploads: dict[str, str] = {}  # repository by upload
        self.begun = 0
        self.before_put: list[tuple[str, object]] = []  # called once before a PUT whose path holds the text
        self.lock = threading.Lock()

    def hold(self, repository: str, data: bytes) -> str:
        """Put a blob into a repository."""
        digest = sha256(data)
        self.blobs[digest] = data
        self.held.setdefault(repository, set()).add(digest)
        return digest

    def tags(self, repository: str) -> set[str]:
        """The tags of a repository."""
        return {name.rpartition(":")[2] for name in self.manifests if name.startswith(f"{repository}:")}

    def pushes(self) -> list[str]:
        """The paths of what was written, in order, without those of single uploads."""
        return [path for method, path in self.calls if method == "PUT" and "/manifests/" in path]


class _PushHandler(_Handler):
    registry: PushServer

    def do_GET(self) -> None:
        with self.registry.lock:
            self.registry.calls.append(("GET", self.path))
        if "/blobs/" in self.path:
            repository, _, digest = self._parts("blobs")
            if digest not in self.registry.held.get(repository, ()):
                return self._error(404, "BLOB_UNKNOWN", "blob unknown", {})
        super().do_GET()

    def do_HEAD(self) -> None:
        registry = self.registry
        self._noted("HEAD")
        if not self._may():
            return
        kind = "manifests" if "/manifests/" in self.path else "blobs"
        repository, _, wanted = self._parts(kind)
        if kind == "blobs":
            there = wanted in registry.held.get(repository, ())
        else:
            there = (f"{repository}@{wanted}" if wanted.startswith("sha256:") else f"{repository}:{wanted}") in registry.manifests
        self.send_response(200 if there else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        registry = self.registry
        url = urllib.parse.urlsplit(self.path)
        if not url.path.endswith("/blobs/uploads/"):
            return super().do_POST()
        self._noted("POST")
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if not self._may() or self._refuses():
            return
        repository = url.path.removeprefix("/v2/").removesuffix("/blobs/uploads/")
        query = urllib.parse.parse_qs(url.query)
        if "mount" in query and registry.mounts and query["mount"][0] in registry.held.get(query["from"][0], ()):
            registry.held.setdefault(repository, set()).add(query["mount"][0])
            return self._answer(201, {}, b"")
        with registry.lock:
            registry.begun += 1
            name = f"u{registry.begun}"
            registry.uploads[name] = repository
        self._answer(202, {"Location": f"/v2/{repository}/blobs/uploads/{name}?_state=x"}, b"")

    def do_PUT(self) -> None:
        registry = self.registry
        self._noted("PUT")
        for item in [item for item in registry.before_put if item[0] in self.path]:
            registry.before_put.remove(item)
            item[1]()  # type: ignore[operator]
        size = int(self.headers.get("Content-Length", "0"))
        if "/blobs/" in self.path and registry.cut_uploads:
            self.rfile.read(min(size, registry.cut_uploads.pop(0)))
            self.close_connection = True
            return
        body = self.rfile.read(size)
        if not self._may() or self._refuses():
            return
        url = urllib.parse.urlsplit(self.path)
        if "/manifests/" in url.path:
            return self._put_manifest(body)
        repository = registry.uploads.pop(url.path.rpartition("/")[2])
        digest = urllib.parse.parse_qs(url.query)["digest"][0]
        if sha256(body) != digest:
            return self._error(400, "DIGEST_INVALID", "digest invalid", {})
        with registry.lock:
            registry.received += len(body)
        registry.hold(repository, body)
        self._answer(201, {"Docker-Content-Digest": digest}, b"")

    def do_DELETE(self) -> None:
        self._noted("DELETE")
        self._answer(204, {}, b"")

    def _put_manifest(self, body: bytes) -> None:
        registry = self.registry
        repository, _, tag = self._parts("manifests")
        document = json.loads(body)
        held = registry.held.get(repository, set())
        missing = [item["digest"] for item in (document["config"], *document["layers"]) if item["digest"] not in held]
        if missing:
            return self._error(400, "MANIFEST_BLOB_UNKNOWN", f"blob unknown: {missing[0]}", {})
        if registry.immutable and f"{repository}:{tag}" in registry.manifests:
            return self._error(400, "TAG_INVALID", "The image tag already exists", {})
        registry.put(f"{repository}:{tag}", self.headers["Content-Type"], body)
        self._answer(201, {"Docker-Content-Digest": sha256(body)}, b"")

    def _noted(self, method: str) -> None:
        with self.registry.lock:
            self.registry.calls.append((method, self.path))
            self.registry.authorizations.append(self.headers.get("Authorization"))

    def _parts(self, kind: str) -> tuple[str, str, str]:
        return urllib.parse.urlsplit(self.path).path.removeprefix("/v2/").partition(f"/{kind}/")

    def _refuses(self) -> bool:
        for text, status in list(self.registry.refused.items()):
            if text in self.path:
                del self.registry.refused[text]
                self._error(status, "REFUSED", "as the test wants", {"WWW-Authenticate": self._challenge()} if status == 401 else {})
                return True
        return False

    def _challenge(self) -> str:
        return f'Bearer realm="http://{self.registry.host}/token/",service="test service"'

    def _may(self) -> bool:
        registry = self.registry
        if registry.auth == "bearer":
            repository = urllib.parse.urlsplit(self.path).path.removeprefix("/v2/").split("/manifests/")[0].split("/blobs/")[0]
            if not (self.headers.get("Authorization") or "").startswith("Bearer " + _token_for(f"repository:{repository}:pull,push")):
                self._answer(401, {"WWW-Authenticate": self._challenge()}, b"")
                return False
        return True

    def _authorized(self) -> bool:
        given = self.headers.get("Authorization") or ""
        repository = self.path.removeprefix("/v2/").split("/manifests/")[0].split("/blobs/")[0]
        if self.registry.auth == "bearer":
            return given.startswith("Bearer " + _token_for(f"repository:{repository}:pull"))
        return super()._authorized()


@contextmanager
def serving_pushes() -> Iterator[PushServer]:
    """A running, empty registry that takes pushes."""
    registry = PushServer()
    with listening(registry, _PushHandler):
        yield registry
