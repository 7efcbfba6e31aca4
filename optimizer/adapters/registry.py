"""Resolves and reads images over HTTP, without a container engine.

Speaks the pull half of the OCI distribution specification, 1.1
(https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md), and
the token flow that registries ask for in ``WWW-Authenticate``
(https://distribution.github.io/distribution/spec/auth/token/).
"""

from __future__ import annotations

import base64
import datetime
import email.utils
import hashlib
import io
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, BinaryIO, Protocol, TypeVar

import httpx

from optimizer.bases.lock import PLATFORMS
from optimizer.errors import RegistryError, UnknownImageError
from optimizer.model.reference import ImageReference

_INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_ACCEPT = ", ".join(_INDEX_TYPES + _MANIFEST_TYPES)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

# Variants that Lambda's processors run; an index may hold others beside them.
_VARIANTS = {"amd64": ("", "v1"), "arm64": ("", "v8")}

# Registries must take manifests up to 4 MiB; nobody's are larger.
_MAX_BODY_BYTES = 4 * 1024 * 1024
_MAX_REQUEST_S = 120
_TIMEOUT = httpx.Timeout(30, connect=10)
_MAX_REDIRECTS = 5

_ATTEMPTS = 5
_FIRST_DELAY_S = 0.5
_MAX_DELAY_S = 60.0
_RETRY_STATUS = frozenset({429, 500, 502, 503, 504})

_DOCKER_HUB = "docker.io"
_BLOB_CHUNK = 1 << 20

_ASK_OWNER = "try again; if it stays so, ask whoever runs the registry or the mirror"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedImage:
    """What a reference points at now.

    ``kind`` is ``index`` or ``manifest``, ``digest`` that thing's own digest;
    ``platforms`` maps the OCI architectures that Lambda runs (``amd64``,
    ``arm64``) to manifest digests and is never empty.
    """

    digest: str
    kind: str
    platforms: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedManifest:
    """A manifest or an index as the registry has it; ``digest`` is that of ``body``."""

    media_type: str
    digest: str
    body: bytes


class Registry(Protocol):
    """Where references are resolved."""

    def resolve(self, reference: ImageReference) -> ResolvedImage:
        """What the reference's tag, or its digest when it has one, points at.

        Asks the network.  Raises RegistryError.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A user name and a password for one registry."""

    username: str
    password: str = field(repr=False)

    @property
    def basic(self) -> str:
        """The value of an ``Authorization`` header."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode("ascii")


class Credentials(Protocol):
    """Where logins come from; asked only after a registry wants one."""

    def login(self, host: str) -> Login | None:
        """The login for a registry's host, with its port; None for anonymous access.

        Raises RegistryError where a login is known to be needed and cannot be had.
        """
        ...


class Anonymous:
    """No credentials."""

    def login(self, host: str) -> Login | None:
        return None


class HttpRegistry:
    """Every registry that speaks the distribution protocol over HTTP.

    Plain HTTP is spoken to ``127.0.0.1`` and ``localhost`` alone.  Answers 429
    and 5xx and failing connections are tried again, five times in all, no sooner
    than ``Retry-After`` says; a registry that wants more than 60 seconds is
    not waited for.  Keeps tokens and the connection between calls; use it as a
    context manager, from one thread.  ``sleep`` takes seconds, ``now`` gives an
    aware time.
    """

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(datetime.timezone.utc),
    ) -> None:
        self._credentials = credentials or Anonymous()
        self._sleep = sleep
        self._now = now
        self._http: httpx.Client | None = None
        self._authorizations: dict[tuple[str, str], str] = {}
        self._unreachable: dict[str, str] = {}

    def __enter__(self) -> HttpRegistry:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def resolve(self, reference: ImageReference) -> ResolvedImage:
        """What the reference points at now, digests verified against the content."""
        if reference.tag is None and reference.digest is None:
            raise RegistryError(
                f'"{reference}" has neither a tag nor a digest',
                hint=f'name the tag, for example "{reference}:latest"',
            )
        exchange = _Exchange(self, reference)
        wanted = reference.digest or reference.tag
        response = exchange.get(f"manifests/{wanted}", _ACCEPT)
        digest = exchange.verified_digest(response, reference.digest)
        media_type, document = exchange.manifest(response)
        if media_type in _INDEX_TYPES:
            return ResolvedImage(digest=digest, kind="index", platforms=exchange.platforms_of_index(document))
        platform = exchange.platform_of_manifest(document)
        return ResolvedImage(digest=digest, kind="manifest", platforms={platform: digest})

    def fetch_manifest(self, reference: ImageReference) -> FetchedManifest:
        """The manifest or index that the reference points at now, verified against its digest."""
        exchange = _Exchange(self, reference)
        response = exchange.get(f"manifests/{reference.digest or reference.tag or 'latest'}", _ACCEPT)
        digest = exchange.verified_digest(response, reference.digest)
        media_type, _ = exchange.manifest(response)
        return FetchedManifest(media_type=media_type, digest=digest, body=response.body)

    def fetch_blob(self, reference: ImageReference, digest: str) -> bytes:
        """A small blob of the reference's repository, such as a configuration, verified against its digest."""
        exchange = _Exchange(self, reference)
        response = exchange.get(f"blobs/{digest}", "*/*")
        exchange.verified_digest(response, digest)
        return response.body

    def open_blob(self, reference: ImageReference, digest: str, size_bytes: int) -> BinaryIO:
        """A blob of any size, as a stream that is never kept whole.

        A connection that breaks is taken up where it broke.  Reading to the
        end raises RegistryError unless the content has the size and the
        digest.
        """
        return io.BufferedReader(_BlobStream(_Exchange(self, reference), digest, size_bytes), _BLOB_CHUNK)

    def _client(self) -> httpx.Client:
        # Made at the first request: it reads the certificates from disk.
        if self._http is None:
            try:
                self._http = httpx.Client(
                    timeout=_TIMEOUT,
                    follow_redirects=True,
                    max_redirects=_MAX_REDIRECTS,
                    event_hooks={"request": [_check_line]},
                    # A proxy cannot reach this machine's own loopback.
                    mounts={"all://127.0.0.1": None, "all://localhost": None},
                    headers={"User-Agent": "lambda-image-optimizer", "Accept-Encoding": "identity"},
                )
            except (httpx.InvalidURL, ValueError, ImportError, OSError) as error:
                raise RegistryError(
                    f"no HTTP client with this environment: {_reason(error)}",
                    hint="check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR",
                ) from None
        return self._http


@dataclass(frozen=True, slots=True)
class _Response:
    status: int
    headers: httpx.Headers
    body: bytes


class _Stream:
    """An answer whose body is still to come."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.response = response
        self.body = b""


_Answer = TypeVar("_Answer", "_Response", _Stream)


class _Exchange:
    """The requests for one reference; knows how to name it in errors."""

    def __init__(self, registry: HttpRegistry, reference: ImageReference) -> None:
        self._registry = registry
        self._reference = reference
        self._host = reference.registry
        self._repository = reference.repository
        api_host = self._host
        if self._host == _DOCKER_HUB:
            # Docker Hub's API has another host, and official images a hidden folder.
            api_host = "registry-1.docker.io"
            if "/" not in self._repository:
                self._repository = f"library/{self._repository}"
        scheme = "http" if _is_loopback(self._host) else "https"
        self._base = f"{scheme}://{api_host}/v2/{self._repository}"

    def get(self, path: str, accept: str) -> _Response:
        """The answer 200 to a GET, after whatever login the registry asks for."""
        return self._get(path, {"Accept": accept}, self._receive)

    def stream(self, path: str, start: int) -> _Stream:
        """The answer to a GET from a byte on, its body not read yet; 206 unless the registry sends all of it again."""
        headers = {"Accept": "*/*"}
        if start:
            headers["Range"] = f"bytes={start}-"
        return self._get(path, headers, self._begin)

    def _get(self, path: str, headers: Mapping[str, str], receive: Callable[[str, Mapping[str, str]], _Answer]) -> _Answer:
        registry, key = self._registry, (self._host, self._repository)
        url = f"{self._base}/{path}"
        headers = dict(headers)
        if key in registry._authorizations:
            headers["Authorization"] = registry._authorizations[key]
        response = self._send(url, headers, receive)
        if response.status == 401:
            authorization = self._authorize(response)
            registry._authorizations[key] = authorization
            response = self._send(url, {**headers, "Authorization": authorization}, receive)
        if response.status != 200 and not (response.status == 206 and "Range" in headers):
            raise self._refused(response, self._what(path))
        return response

    def verified_digest(self, response: _Response, wanted: str | None) -> str:
        """The digest of the content, which the header and the reference must agree with."""
        actual = "sha256:" + hashlib.sha256(response.body).hexdigest()
        claimed = response.headers.get("Docker-Content-Digest", actual)
        for given in (claimed, wanted or actual):
            if given != actual:
                raise self._error(
                    f'the content of "{self._reference}" has the digest {actual}, not {_clean(given)}',
                    "something between here and the registry changes content: try again, or another network",
                )
        return actual

    def manifest(self, response: _Response) -> tuple[str, dict[str, Any]]:
        """The media type, one of the four, and the document."""
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
        if media_type not in _INDEX_TYPES + _MANIFEST_TYPES:
            raise self._error(
                f'"{self._reference}" has the media type "{_clean(media_type)}"; allowed: an OCI or Docker (schema 2) index or manifest',
                "check that the name is that of a container image, and that no log-in page answers in the registry's place",
            )
        document = self._json(response.body, "manifest")
        inner = document.get("mediaType", media_type)
        if inner != media_type:
            raise self._error(f'"{self._reference}" is sent as "{media_type}" and calls itself "{_clean(inner)}"', _ASK_OWNER)
        return media_type, document

    def platforms_of_index(self, document: Mapping[str, Any]) -> dict[str, str]:
        """Manifest digests by architecture; attestations and foreign systems are left out."""
        entries = document.get("manifests")
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise self._error(f'the index of "{self._reference}" has no list of manifests', _ASK_OWNER)
        found: dict[str, str] = {}
        others: list[str] = []
        for entry in entries:
            platform = entry.get("platform")
            if not isinstance(platform, dict):
                continue
            system, name = platform.get("os"), platform.get("architecture")
            if system != "linux" or name not in PLATFORMS or (platform.get("variant") or "") not in _VARIANTS[name]:
                others.append(f"{system}/{name}")
                continue
            digest = entry.get("digest")
            if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
                raise self._error(f'the index of "{self._reference}" has the digest "{_clean(digest)}" for {name}', _ASK_OWNER)
            found.setdefault(name, digest)
        if not found:
            raise self._no_platform(sorted(set(others) - {"unknown/unknown"}))
        return dict(sorted(found.items()))

    def platform_of_manifest(self, document: Mapping[str, Any]) -> str:
        """The architecture of a single manifest, which its configuration alone says."""
        config = document.get("config")
        digest = config.get("digest") if isinstance(config, dict) else None
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise self._error(f'the manifest of "{self._reference}" names no configuration', _ASK_OWNER)
        response = self.get(f"blobs/{digest}", "*/*")
        self.verified_digest(response, digest)
        image = self._json(response.body, "configuration")
        system, name = image.get("os"), image.get("architecture")
        if system != "linux" or name not in PLATFORMS:
            raise self._no_platform([f"{system}/{name}"])
        return str(name)

    def _authorize(self, refusal: _Response | _Stream) -> str:
        """The Authorization header that the registry's challenge asks for."""
        challenges = _challenges(refusal.headers.get_list("WWW-Authenticate"))
        login = self._registry._credentials.login(self._host)
        if "bearer" in challenges:
            return f"Bearer {self._token(challenges['bearer'], login)}"
        if "basic" in challenges and login is not None:
            return login.basic
        raise self._refused(refusal, f'"{self._reference}"')

    def _token(self, challenge: Mapping[str, str], login: Login | None) -> str:
        realm = challenge.get("realm", "")
        try:
            url = httpx.URL(realm)
        except httpx.InvalidURL:
            url = httpx.URL("")
        if not _is_safe(url):
            raise self._error(f'registry "{self._host}" sends to "{_clean(realm)}" for a token; allowed: an https address', _ASK_OWNER)
        # A challenge without a repository (public.ecr.aws says "aws") would give a token for nothing of ours.
        scope = challenge.get("scope", "")
        if not scope.startswith("repository:"):
            scope = f"repository:{self._repository}:pull"
        query = {"scope": scope}
        if challenge.get("service"):
            query["service"] = challenge["service"]
        headers = {}
        if login is not None:
            headers["Authorization"] = login.basic
        response = self._send(str(url.copy_merge_params(query)), headers, self._receive)
        if response.status != 200:
            raise self._refused(response, f'a token for "{self._reference}"')
        document = self._json(response.body, "token")
        token = document.get("token") or document.get("access_token")
        if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
            raise self._error(f'registry "{self._host}" gave no token', _ASK_OWNER)
        return token

    def _send(self, url: str, headers: Mapping[str, str], receive: Callable[[str, Mapping[str, str]], _Answer]) -> _Answer:
        """The first answer that is not a passing failure."""
        registry = self._registry
        host = httpx.URL(url).netloc.decode("ascii")
        if host in registry._unreachable:
            # Said once per host: a dead mirror must not cost the whole wait per image.
            raise self._unreachable(host, registry._unreachable[host])
        delay = _FIRST_DELAY_S
        for attempt in range(1, _ATTEMPTS + 1):
            last = attempt == _ATTEMPTS
            try:
                response = receive(url, headers)
            except (httpx.TransportError, httpx.DecodingError, ValueError, OverflowError) as error:
                # What the socket module says to an impossible host or port, and what
                # TLS says to a certificate, it says at every attempt.
                if last or not isinstance(error, httpx.TransportError) or _is_tls(error):
                    registry._unreachable[host] = _reason(error)
                    raise self._unreachable(host, _reason(error)) from None
                wait = delay
            except httpx.TooManyRedirects:
                raise self._error(f'registry "{host}" redirects more than {_MAX_REDIRECTS} times', _ASK_OWNER) from None
            except _OpenLineError as error:
                raise self._error(f'registry "{host}" redirects to "{_clean(error)}"; allowed: an https address', _ASK_OWNER) from None
            else:
                if last or response.status not in _RETRY_STATUS:
                    return response
                asked = _retry_after(response.headers, registry._now())
                wait = delay if asked is None else asked
                if wait > _MAX_DELAY_S:
                    raise self._error(
                        f'registry "{host}" answered {response.status} and asks to wait {wait:.0f} seconds; at most {_MAX_DELAY_S:.0f} are waited',
                        "run the command again later; logged-in pulls and mirrors have higher limits",
                    )
            registry._sleep(wait)
            delay *= 2
        raise AssertionError("the last attempt returns or raises")

    def _receive(self, url: str, headers: Mapping[str, str]) -> _Response:
        started = self._registry._now()
        body = bytearray()
        with self._registry._client().stream("GET", url, headers=dict(headers)) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _MAX_BODY_BYTES:
                    raise self._error(f'the answer for "{self._reference}" is larger than {_MAX_BODY_BYTES} bytes', _ASK_OWNER)
                if (self._registry._now() - started).total_seconds() > _MAX_REQUEST_S:
                    raise httpx.ReadTimeout(f"no whole answer within {_MAX_REQUEST_S} seconds")
            return _Response(response.status_code, response.headers, bytes(body))

    def _begin(self, url: str, headers: Mapping[str, str]) -> _Stream:
        client = self._registry._client()
        response = client.send(client.build_request("GET", url, headers=dict(headers)), stream=True)
        answer = _Stream(response)
        if answer.status not in (200, 206):
            # A refusal is short, and says why.
            try:
                answer.body = next(response.iter_raw(_MAX_BODY_BYTES), b"")[:_MAX_BODY_BYTES]
            finally:
                response.close()
        return answer

    def _json(self, body: bytes, what: str) -> dict[str, Any]:
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise self._error(f'the {what} of "{self._reference}" is not a JSON object', _ASK_OWNER)
        return document

    def _what(self, path: str) -> str:
        return f'"{self._reference}"' if path.startswith("manifests/") else f'a blob of "{self._reference}"'

    def _refused(self, response: _Response | _Stream, what: str) -> RegistryError:
        status, said = response.status, _said(response.body)
        if status == 401:
            return self._error(f'registry "{self._host}" wants a login for {what} (401{said})', _login_hint(self._host))
        if status == 403:
            return self._error(f'registry "{self._host}" denies {what} (403{said})', _login_hint(self._host))
        if status == 404:
            return UnknownImageError(
                f'registry "{self._host}" does not know {what} (404{said})', hint="check the repository and the tag for a misspelling"
            )
        if status in _RETRY_STATUS:
            return self._error(
                f'registry "{self._host}" answered {status} to {_ATTEMPTS} requests for {what}{said and f" ({said[2:]})"}',
                "run the command again later",
            )
        return self._error(f'registry "{self._host}" answered {status} for {what}{said and f" ({said[2:]})"}', _ASK_OWNER)

    def _unreachable(self, host: str, reason: str) -> RegistryError:
        if "CERTIFICATE_VERIFY_FAILED" in reason:
            hint = "if your network has a certificate authority of its own, set SSL_CERT_FILE to its bundle"
        elif "WRONG_VERSION_NUMBER" in reason or "RECORD_LAYER_FAILURE" in reason:
            hint = "the registry speaks plain HTTP, which is spoken to 127.0.0.1 and localhost alone: put it behind TLS"
        else:
            hint = "check the network and the proxy settings, or name a mirror: optimizer pin --mirror HOST[/PREFIX]"
        return self._error(f'registry "{host}" cannot be reached for "{self._reference}": {reason}', hint)

    def _no_platform(self, found: list[str]) -> RegistryError:
        return self._error(
            f'"{self._reference}" has no image that Lambda can run: found {_clean(", ".join(found)) or "none"}; allowed: linux/amd64, linux/arm64',
            "name another image or tag",
        )

    def _error(self, message: str, hint: str) -> RegistryError:
        return RegistryError(message, hint=hint)


class _BlobStream(io.RawIOBase):
    """The bytes of a blob, whose size and digest are checked at the end."""

    def __init__(self, exchange: _Exchange, digest: str, size_bytes: int) -> None:
        self._exchange = exchange
        self._digest = digest
        self._size = size_bytes
        self._hash = hashlib.sha256()
        self._read = 0
        self._rest = b""
        self._answer: _Stream | None = None
        self._chunks: Iterator[bytes] = iter(())
        self._breaks = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = self._next()
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        if self._answer is not None:
            self._answer.response.close()
            self._answer = None
        super().close()

    def _next(self) -> bytes:
        """The next bytes; empty at the end of a right blob."""
        while self._read < self._size:
            try:
                if self._answer is None:
                    self._begin()
                chunk = next(self._chunks, b"")
                if not chunk:
                    raise httpx.RemoteProtocolError("the answer ended early")
            except httpx.TransportError as error:
                self._resume(error)
                continue
            self._read += len(chunk)
            self._hash.update(chunk)
            if self._read > self._size:
                raise self._wrong(f"more than the {self._size} bytes")
            return chunk
        if self._hash.hexdigest() != self._digest.removeprefix("sha256:"):
            raise self._wrong("another content than the digest")
        return b""

    def _begin(self) -> None:
        self._answer = self._exchange.stream(f"blobs/{self._digest}", self._read)
        # As they come: pieces of a fixed size would lose what came before a break.
        self._chunks = self._answer.response.iter_raw()
        if self._answer.status == 200 and self._read:
            # The registry does not know ranges, and sends from the start.
            skipped = 0
            while skipped < self._read:
                chunk = next(self._chunks, b"")
                if not chunk:
                    raise httpx.RemoteProtocolError("the answer ended early")
                skipped += len(chunk)
                if skipped > self._read:
                    self._chunks = chain([chunk[self._read - skipped :]], self._chunks)

    def _resume(self, error: Exception) -> None:
        if self._answer is not None:
            self._answer.response.close()
            self._answer = None
        self._breaks += 1
        if self._breaks >= _ATTEMPTS:
            raise self._exchange._unreachable(self._exchange._host, _reason(error)) from None
        self._exchange._registry._sleep(_FIRST_DELAY_S * 2 ** (self._breaks - 1))

    def _wrong(self, what: str) -> RegistryError:
        return self._exchange._error(
            f'the blob {self._digest[:19]} of "{self._exchange._reference}" has {what} that its manifest says',
            "something between here and the registry changes content: try again, or another network",
        )


# A parameter, or else the word that begins a challenge
# (https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1).
_CHALLENGE_PIECE = re.compile(r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|([A-Za-z][A-Za-z0-9_-]*)')


def _challenges(headers: list[str]) -> dict[str, dict[str, str]]:
    """The challenges of ``WWW-Authenticate`` headers: parameters by lower-case scheme; the last of each counts."""
    found: dict[str, dict[str, str]] = {}
    for header in headers:
        parameters: dict[str, str] = {}
        for name, quoted, plain, scheme in _CHALLENGE_PIECE.findall(header):
            if scheme:
                parameters = found[scheme.lower()] = {}
            else:
                parameters[name.lower()] = plain or re.sub(r"\\(.)", r"\1", quoted)
    return found


def _retry_after(headers: httpx.Headers, now: datetime.datetime) -> float | None:
    """Seconds to wait by ``Retry-After``, which is a number or a date; None when it says nothing.

    https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
    """
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}", text):
        return float(text)
    try:
        when = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=datetime.timezone.utc)
    return max(0.0, (when - now).total_seconds())


class _OpenLineError(Exception):
    """A redirect to where nobody vouches for the answer."""


def _check_line(request: httpx.Request) -> None:
    if not _is_safe(request.url):
        raise _OpenLineError(str(request.url))


def _is_safe(url: httpx.URL) -> bool:
    return bool(url.host) and (url.scheme == "https" or (url.scheme == "http" and _is_loopback(url.host)))


def _is_loopback(host: str) -> bool:
    return host.partition(":")[0] in ("127.0.0.1", "localhost")


def _is_tls(error: Exception) -> bool:
    return isinstance(error, httpx.ConnectError) and "SSL" in str(error)


def _said(body: bytes) -> str:
    """``, CODE: message`` from the registry's first error; empty when there is none."""
    try:
        first = json.loads(body)["errors"][0]
        return ", " + _clean(f"{first['code']}: {first.get('message', '')}".rstrip(": "))
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return ""


def _login_hint(host: str) -> str:
    if ".dkr.ecr" in host:
        return "check that the AWS credentials may call ecr:GetAuthorizationToken, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer"
    return f"log in with `docker login {host}`, or log out if an old login is refused"


def _reason(error: Exception) -> str:
    return _clean(str(error)) or type(error).__name__


def _clean(value: object) -> str:
    """Text from the network on one printable line of at most 200 characters."""
    text = "".join(letter if letter.isprintable() else " " for letter in str(value))
    return text if len(text) <= 200 else text[:199] + "…"
