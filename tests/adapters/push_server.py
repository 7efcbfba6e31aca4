"""The registry inside the test process, for pushes: which repository has which blob, and what goes wrong on the way."""

from __future__ import annotations

import json
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.adapters.registry_server import RegistryServer, _Handler, _token_for, listening, sha256


class PushServer(RegistryServer):
    """A registry that takes pushes, as the distribution specification has them."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, set[str]] = {}  # blobs by repository
        self.immutable = False  # tags are never moved, not even to the same manifest
        self.mounts = True
        self.cut_uploads: list[int] = []  # after how many bytes the next that are so long, or parts of them, break off
        # What becomes of an upload that breaks off: "kept" is as specified, "ecr" as Amazon ECR has it, and "lost" as
        # docker-registry does; "whole" takes no parts.
        self.broken_uploads = "lost"
        self.resets = False  # an upload that is not known ends in a broken connection, before there is an answer
        self.before_patch: list[Callable[[], object]] = []  # called once each
        self.before_head: list[Callable[[], object]] = []  # called once each
        self.before_answer: list[Callable[[], object]] = []  # called once each, when an upload is stored and before it is answered
        self.slow_answers_s = 0.0  # what the registry thinks over an upload
        self.lost_answers = 0  # so many uploads are stored, and not answered
        self.lost_refusals: list[bool] = []  # whether the answers to the next parts that begin at a wrong place are lost
        self.refused: dict[str, int] = {}  # statuses of the next PUTs or POSTs whose path holds a text
        self.retry_after = ""  # what goes with a refusal of the test
        self.ending = 204  # what it answers to the end of an upload that nobody goes on with
        self.calls: list[tuple[str, str]] = []  # method and path
        self.received = 0  # bytes of blobs
        self.uploads: dict[str, bytearray] = {}  # what came of each
        self.first_parts: dict[str, int] = {}  # bytes of the first part of each
        self.begun = 0
        self.before_put: list[tuple[str, Callable[[], object]]] = []  # called once before a PUT whose path holds the text

    def hold(self, repository: str, data: bytes) -> str:
        """Put a blob into a repository."""
        digest = sha256(data)
        self.blobs[digest] = data
        self.held.setdefault(repository, set()).add(digest)
        return digest

    def tags(self, repository: str) -> set[str]:
        """The tags of a repository."""
        return {name.rpartition(":")[2] for name in list(self.manifests) if name.startswith(f"{repository}:")}

    def pushes(self) -> list[str]:
        """The paths of what was written, in order, without those of single uploads."""
        return [path for method, path in self.calls if method == "PUT" and "/manifests/" in path]


class _PushHandler(_Handler):
    registry: PushServer

    def do_GET(self) -> None:
        with self.registry.lock:
            self.registry.calls.append(("GET", self.path))
        if "/blobs/uploads/" in self.path:
            return self._tell_upload()
        if "/blobs/" in self.path:
            repository, _, digest = self._parts("blobs")
            if digest not in self.registry.held.get(repository, ()):
                return self._error(404, "BLOB_UNKNOWN", "blob unknown", {})
        super().do_GET()

    def _tell_upload(self) -> None:
        name = self._upload()
        if name is None:
            return
        if self.registry.broken_uploads == "ecr":
            return self._error(404, "NOT_FOUND", "no such upload", {})
        came = len(self.registry.uploads[name])
        self._answer(204, {"Location": self.path, "Range": f"0-{max(0, came - 1)}"}, b"")

    def do_HEAD(self) -> None:
        registry = self.registry
        self._noted("HEAD")
        while call := registry.next_of(registry.before_head):
            call()
        if not self._may():
            return
        kind = "manifests" if "/manifests/" in self.path else "blobs"
        repository, _, wanted = self._parts(kind)
        found = None
        if kind == "blobs":
            there = wanted in registry.held.get(repository, ())
        else:
            found = registry.manifests.get(f"{repository}@{wanted}" if wanted.startswith("sha256:") else f"{repository}:{wanted}")
            there = found is not None
        self.send_response(200 if there else 404)
        if found is not None:
            self.send_header("Content-Type", found[0])
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
            registry.uploads[name] = bytearray()
        self._answer(202, {"Location": f"/v2/{repository}/blobs/uploads/{name}?_state=x"}, b"")

    def do_PUT(self) -> None:
        registry = self.registry
        self._noted("PUT")
        with registry.lock:
            due = [item for item in registry.before_put if item[0] in self.path]
            registry.before_put[:] = [item for item in registry.before_put if item not in due]
        for _, call in due:
            call()
        if "/blobs/" in self.path:
            return self._put_blob()
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self._may() and not self._refuses():
            self._put_manifest(body)

    def do_PATCH(self) -> None:
        registry = self.registry
        self._noted("PATCH")
        while call := registry.next_of(registry.before_patch):
            call()
        if registry.broken_uploads == "whole":
            self._leave_body()
            return self._error(405, "UNSUPPORTED", "no parts", {})
        name = self._upload()
        if name is None or not self._receive(name) or not self._may() or self._refuses():
            return
        came = len(registry.uploads[name])
        first = registry.first_parts.setdefault(name, came)
        shown = first if registry.broken_uploads == "ecr" else came
        status = 201 if registry.broken_uploads == "ecr" else 202
        self._answer(status, {"Location": f"{urllib.parse.urlsplit(self.path).path}?_state={came}", "Range": f"0-{shown - 1}"}, b"")

    def _put_blob(self) -> None:
        registry = self.registry
        name = self._upload()
        if name is None or not self._receive(name) or not self._may() or self._refuses():
            return
        url = urllib.parse.urlsplit(self.path)
        body = bytes(registry.uploads.pop(name))
        digest = urllib.parse.parse_qs(url.query)["digest"][0]
        if sha256(body) != digest:
            return self._error(400, "DIGEST_INVALID", "digest invalid", {})
        registry.hold(url.path.removeprefix("/v2/").partition("/blobs/")[0], body)
        while call := registry.next_of(registry.before_answer):
            call()
        time.sleep(registry.slow_answers_s)
        with registry.lock:
            lost = bool(registry.lost_answers)
            registry.lost_answers -= lost
        if lost:
            self.close_connection = True
            return
        self._answer(201, {"Docker-Content-Digest": digest}, b"")

    def _upload(self) -> str | None:
        """The upload of the request; answers where there is none."""
        name = urllib.parse.urlsplit(self.path).path.rpartition("/")[2]
        if name in self.registry.uploads:
            return name
        self._leave_body()
        return None if self.registry.resets else self._error(404, "BLOB_UPLOAD_INVALID", "blob upload invalid", {})

    def _leave_body(self) -> None:
        """End the connection after the answer; the body is read first, because the answer may be lost otherwise."""
        self.close_connection = True
        self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def _receive(self, name: str) -> bool:
        """Take the body of a part; false where it breaks off or is refused."""
        registry, size = self.registry, int(self.headers.get("Content-Length", "0"))
        begin = int(self.headers.get("Content-Range", "0-").partition("-")[0])
        came = registry.uploads[name]
        if size and begin != len(came):
            self._leave_body()
            if registry.next_of(registry.lost_refusals):
                return False
            message = f"First byte of the layer part is {begin} instead of {len(came)}" if registry.broken_uploads == "ecr" else "no"
            return bool(self._error(416, "BLOB_UPLOAD_INVALID", message, {}))
        cut = registry.next_of(registry.cut_uploads, lambda cut: size >= cut) if size else None
        body = self.rfile.read(size if cut is None else min(size, cut))
        with registry.lock:
            registry.received += len(body)
        came += body
        if cut is not None:
            if registry.broken_uploads in ("lost", "whole"):
                del registry.uploads[name]
            self.close_connection = True
        return cut is None

    def do_DELETE(self) -> None:
        self._noted("DELETE")
        self._answer(self.registry.ending, {"WWW-Authenticate": self._challenge()} if self.registry.ending == 401 else {}, b"")

    def _put_manifest(self, body: bytes) -> None:
        registry = self.registry
        repository, _, tag = self._parts("manifests")
        document = json.loads(body)
        if "manifests" in document:
            held = {sha256(known) for name, (_, known) in list(registry.manifests.items()) if name.startswith(f"{repository}:")}
            needed = document["manifests"]
        else:
            held = registry.held.get(repository, set())
            needed = [document["config"], *document["layers"]]
        missing = [item["digest"] for item in needed if item["digest"] not in held]
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
        for text in list(self.registry.refused):
            if text in self.path and (status := self.registry.refused.pop(text, 0)):
                headers = {"WWW-Authenticate": self._challenge()} if status == 401 else {}
                if self.registry.retry_after:
                    headers["Retry-After"] = self.registry.retry_after
                self._error(status, "REFUSED", "as the test wants", headers)
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
