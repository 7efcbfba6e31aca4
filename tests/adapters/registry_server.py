"""A registry inside the test process: real HTTP on loopback, answers as told."""

from __future__ import annotations

import base64
import datetime
import hashlib
import ipaddress
import json
import ssl
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


class RegistryServer:
    """What the server holds, how it behaves, and what it was asked."""

    def __init__(self) -> None:
        self.host = ""
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.blobs: dict[str, bytes] = {}
        self.auth = ""  # "", "bearer" or "basic"
        self.scope = ""  # in the challenge
        self.login: tuple[str, str] | None = None  # what a token or a pull needs
        self.identity_token = ""  # what is exchanged for a token
        self.forms: list[dict[str, list[str]]] = []  # what was posted
        self.deny = 0  # the status of every answer under /v2/, after the log-in
        self.failures: list[tuple[int, dict[str, str]]] = []  # answers given first, one per request
        self.cuts = 0  # that many answers end in the middle of their body
        self.headers: dict[str, str] = {}  # laid over those of every manifest
        self.redirect_blobs = False
        self.cut_blobs: list[int] = []  # after how many bytes the next answers with a large blob break off
        self.knows_ranges = True
        self.ranges: list[str] = []  # what was asked for in parts
        self.missing = ""  # the digest of a blob that is not there
        self.storage = self  # where redirected blobs are served
        self.requests: list[str] = []
        self.authorizations: list[str | None] = []  # one per request
        self.lock = threading.Lock()

    def index(
        self, name: str, platforms: dict[str, bytes] | None = None, *, media_type: str = INDEX, extra: list[dict] | None = None
    ) -> str:
        """Add an index under ``repository:tag``; returns its digest."""
        platforms = platforms if platforms is not None else {"amd64": b"a", "arm64": b"b"}
        entries = [
            {"mediaType": MANIFEST, "digest": sha256(seed), "size": 1, "platform": {"os": "linux", "architecture": arch}}
            for arch, seed in platforms.items()
        ]
        body = json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": entries + (extra or [])}).encode()
        return self.put(name, media_type, body)

    def single(self, name: str, architecture: str = "amd64", system: str = "linux", *, media_type: str = MANIFEST) -> str:
        """Add a single-platform manifest and its configuration; returns the manifest's digest."""
        config = json.dumps({"os": system, "architecture": architecture}).encode()
        self.blobs[sha256(config)] = config
        body = json.dumps({"schemaVersion": 2, "config": {"digest": sha256(config), "size": len(config)}, "layers": []}).encode()
        return self.put(name, media_type, body)

    def next_of(self, items: list[Any], fits: Callable[[Any], bool] = lambda item: True) -> Any:
        """Take the first of what the test has put there for the next requests, if it fits; None where there is none: clients have threads."""
        with self.lock:
            return items.pop(0) if items and fits(items[0]) else None

    def put(self, name: str, media_type: str, body: bytes) -> str:
        repository, _, _ = name.rpartition(":")
        self.manifests[name] = self.manifests[f"{repository}@{sha256(body)}"] = (media_type, body)
        return sha256(body)

    def digest_of(self, name: str) -> str:
        """The digest that ``repository:tag`` has now."""
        return sha256(self.manifests[name][1])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: RegistryServer

    def do_GET(self) -> None:
        registry = self.registry
        registry.requests.append(self.path)
        registry.authorizations.append(self.headers.get("Authorization"))
        if failure := registry.next_of(registry.failures):
            return self._answer(*failure, b"")
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/token/":
            return self._token(urllib.parse.parse_qs(url.query))
        if url.path.startswith("/elsewhere/"):
            return self._answer(200, {}, registry.blobs[url.path.rpartition("/")[2]])
        if not self._authorized():
            challenge = f'Basic realm="{registry.host}"'
            if registry.auth == "bearer":
                scope = f',scope="{registry.scope}"' if registry.scope else ""
                challenge = f'Bearer realm="http://{registry.host}/token/",service="test service"{scope}'
            return self._error(401, "UNAUTHORIZED", "authentication required", {"WWW-Authenticate": challenge})
        if registry.deny:
            return self._error(registry.deny, "DENIED", "not for you", {})
        kind = "manifests" if "/manifests/" in url.path else "blobs"
        repository, _, wanted = url.path.removeprefix("/v2/").partition(f"/{kind}/")
        if kind == "blobs":
            if registry.redirect_blobs:
                registry.storage.blobs[wanted] = registry.blobs[wanted]
                return self._answer(307, {"Location": f"http://{registry.storage.host}/elsewhere/{wanted}"}, b"")
            if wanted == registry.missing:
                return self._error(404, "BLOB_UNKNOWN", "blob unknown", {})
            return self._blob(registry.blobs[wanted])
        found = registry.manifests.get(f"{repository}@{wanted}" if wanted.startswith("sha256:") else f"{repository}:{wanted}")
        if found is None:
            return self._error(404, "MANIFEST_UNKNOWN", "manifest unknown", {})
        media_type, body = found
        return self._answer(200, {"Content-Type": media_type, "Docker-Content-Digest": sha256(body), **registry.headers}, body)

    def do_POST(self) -> None:
        registry = self.registry
        registry.requests.append(self.path)
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        registry.forms.append(form)
        if failure := registry.next_of(registry.failures):
            return self._answer(*failure, b"")
        if form.get("grant_type") != ["refresh_token"] or form.get("refresh_token") != [registry.identity_token]:
            return self._answer(400, {"Content-Type": "application/json"}, b'{"error": "invalid_grant"}')
        # OAuth has another name for the token.
        return self._answer(200, {"Content-Type": "application/json"}, json.dumps({"access_token": _token_for(form["scope"][0])}).encode())

    def _blob(self, data: bytes) -> None:
        registry, status, given = self.registry, 200, self.headers.get("Range")
        if given is not None:
            registry.ranges.append(given)
            if registry.knows_ranges:
                status, data = 206, data[int(given.removeprefix("bytes=").removesuffix("-")) :]
        cut = registry.next_of(registry.cut_blobs) if len(data) > 2000 else None
        if cut is not None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:cut])
            self.close_connection = True
            return
        self._answer(status, {}, data)

    def _token(self, query: dict[str, list[str]]) -> None:
        registry = self.registry
        if registry.login is not None and self.headers.get("Authorization") != _basic(registry.login):
            return self._error(401, "UNAUTHORIZED", "bad login", {})
        return self._answer(200, {"Content-Type": "application/json"}, json.dumps({"token": _token_for(query["scope"][0])}).encode())

    def _authorized(self) -> bool:
        registry, given = self.registry, self.headers.get("Authorization", "")
        repository = self.path.removeprefix("/v2/").split("/manifests/")[0].split("/blobs/")[0]
        if registry.auth == "bearer":
            return given == "Bearer " + _token_for(f"repository:{repository}:pull")
        if registry.auth == "basic":
            return registry.login is not None and given == _basic(registry.login)
        return True

    def _error(self, status: int, code: str, message: str, headers: dict[str, str]) -> None:
        self._answer(status, headers, json.dumps({"errors": [{"code": code, "message": message}]}).encode())

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with self.registry.lock:
            cut = bool(self.registry.cuts and body)
            self.registry.cuts -= cut
        if cut:
            body, self.close_connection = body[: len(body) // 2], True
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: test output stays clean."""


def _token_for(scope: str) -> str:
    return "token-for-" + scope.replace(" ", "+")


def _basic(login: tuple[str, str]) -> str:
    return "Basic " + base64.b64encode(":".join(login).encode()).decode()


def self_signed(host: str, folder: Path) -> Path:
    """A file with a key and a certificate for an address, which no authority has signed."""
    # Imported here: what talks without TLS needs no such package.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    today = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Of clients with many threads, more connections than five come before the first is taken; what is refused comes again after a second.
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Nothing: a client that hangs up is what some tests are about."""


@contextmanager
def serving(address: str = "127.0.0.1", certificate: Path | None = None) -> Iterator[RegistryServer]:
    """A running, empty registry on a free port of a loopback address; over TLS with a certificate."""
    registry = RegistryServer()
    with listening(registry, _Handler, address, certificate):
        yield registry


@contextmanager
def listening(
    registry: RegistryServer, handler: type[_Handler], address: str = "127.0.0.1", certificate: Path | None = None
) -> Iterator[None]:
    """Answer for a registry with a kind of handler."""
    server = _Server((address, 0), type("Handler", (handler,), {"registry": registry}))
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    registry.host = f"{address}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
