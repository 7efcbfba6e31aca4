"""HTTP for registries: limits, safe redirects, and retries.

Plain HTTP goes to ``127.0.0.1`` and ``localhost`` only, redirects included.
Failing connections and the answers 429 and 5xx are tried again.
"""

from __future__ import annotations

import datetime
import email.utils
import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from optimizer.adapters.registry.media_types import MAX_DOCUMENT_BYTES
from optimizer.adapters.registry.messages import ASK_OWNER, ATTEMPTS, RETRY_STATUS, clean, reason_of, unreachable
from optimizer.errors import RegistryError

_MAX_REQUEST_S = 120
_TIMEOUT = httpx.Timeout(30, connect=10)
_MAX_REDIRECTS = 5

_FIRST_DELAY_S = 0.5
_MAX_DELAY_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; ``subject`` is the image reference that errors name.

    With a ``form`` it is a POST of that form.  ``content`` gives the bytes of a
    body, anew for each attempt.  Only requests that change nothing follow
    redirects: a form may hold a secret, and only its first receiver was checked.
    """

    url: str
    subject: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    content: Callable[[], Iterable[bytes]] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer of at most 4 MiB."""

    status: int
    headers: httpx.Headers
    body: bytes

    def document(self, what: str, subject: str) -> dict[str, Any]:
        """The body as a JSON object; raises RegistryError for anything else."""
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise RegistryError(f'the {what} of "{subject}" is not a JSON object', hint=ASK_OWNER)
        return document


class Stream:
    """An answer whose body is still to come; ``body`` holds that of a refusal."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.response = response
        self.body = b""


_Answer = TypeVar("_Answer", Response, Stream)


class Transport:
    """Sends requests; keeps the connections, and which hosts could not be reached.

    ``sleep`` takes seconds, ``now`` gives an aware time.
    """

    def __init__(self, sleep: Callable[[float], None], now: Callable[[], datetime.datetime]) -> None:
        self._sleep = sleep
        self._now = now
        self._http: httpx.Client | None = None
        self._unreachable: dict[str, str] = {}
        self._making = threading.Lock()

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def fetch(self, request: Request) -> Response:
        """The first answer that no retry would change, whole; raises RegistryError."""
        return self._send(request, self._receive)

    def stream(self, request: Request) -> Stream:
        """The same as ``fetch``, with the body left to be read."""
        return self._send(request, self._begin)

    def pause(self, failures: int) -> None:
        """Wait as long as is due after that many failures, 1 or more."""
        self._sleep(_FIRST_DELAY_S * 2 ** (failures - 1))

    def _send(self, request: Request, receive: Callable[[Request], _Answer]) -> _Answer:
        host = httpx.URL(request.url).netloc.decode("ascii")
        if host in self._unreachable:
            # The whole wait is paid once per host: a dead mirror must not cost it again for each image.
            raise unreachable(host, self._unreachable[host], request.subject)
        for attempt in range(1, ATTEMPTS + 1):
            last = attempt == ATTEMPTS
            try:
                answer = receive(request)
            except (httpx.TransportError, httpx.DecodingError, ValueError, OverflowError) as error:
                # An impossible host or port, and a refused certificate, fail the same way at every attempt.
                if last or not isinstance(error, httpx.TransportError) or _is_tls(error):
                    self._unreachable[host] = reason_of(error)
                    raise unreachable(host, reason_of(error), request.subject) from None
                self.pause(attempt)
            except httpx.TooManyRedirects:
                raise RegistryError(f'registry "{host}" redirects more than {_MAX_REDIRECTS} times', hint=ASK_OWNER) from None
            except _PlainHttpError as error:
                raise RegistryError(f'registry "{host}" redirects to "{clean(error)}"; allowed: an https address', hint=ASK_OWNER) from None
            else:
                if last or answer.status not in RETRY_STATUS:
                    return answer
                self._wait_as_told(host, answer, attempt)
        raise AssertionError("the last attempt returns or raises")

    def _wait_as_told(self, host: str, answer: Response | Stream, attempt: int) -> None:
        asked = _retry_after(answer.headers, self._now())
        if asked is None:
            self.pause(attempt)
        elif asked <= _MAX_DELAY_S:
            self._sleep(asked)
        else:
            raise RegistryError(
                f'registry "{host}" answered {answer.status} and asks to wait {asked:.0f} seconds; allowed: at most {_MAX_DELAY_S:.0f}',
                hint="run the command again later; logged-in pulls and mirrors have higher limits",
            )

    def _receive(self, request: Request) -> Response:
        body = bytearray()
        response = self._open(request)
        started = self._now()
        try:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAX_DOCUMENT_BYTES:
                    raise RegistryError(f'the answer for "{request.subject}" is larger than {MAX_DOCUMENT_BYTES} bytes', hint=ASK_OWNER)
                if (self._now() - started).total_seconds() > _MAX_REQUEST_S:
                    raise httpx.ReadTimeout(f"no whole answer within {_MAX_REQUEST_S} seconds")
        finally:
            response.close()
        return Response(response.status_code, response.headers, bytes(body))

    def _begin(self, request: Request) -> Stream:
        response = self._open(request)
        answer = Stream(response)
        if answer.status not in (200, 206):
            # The body of a refusal is short, and gives the reason.
            try:
                answer.body = next(response.iter_raw(MAX_DOCUMENT_BYTES), b"")[:MAX_DOCUMENT_BYTES]
            finally:
                response.close()
        return answer

    def _open(self, request: Request) -> httpx.Response:
        client = self._client()
        content = request.content() if request.content is not None else None
        built = client.build_request(request.method, request.url, headers=dict(request.headers), data=request.form, content=content)
        return client.send(built, stream=True, follow_redirects=request.method in ("GET", "HEAD"))

    def _client(self) -> httpx.Client:
        # Made at the first request, of whichever thread: it reads the certificates from disk.
        with self._making:
            if self._http is None:
                self._http = self._new_client()
            return self._http

    def _new_client(self) -> httpx.Client:
        try:
            return httpx.Client(
                timeout=_TIMEOUT,
                max_redirects=_MAX_REDIRECTS,
                event_hooks={"request": [_check_line]},
                # A proxy cannot reach this machine's own loopback.
                mounts={"all://127.0.0.1": None, "all://localhost": None},
                headers={"User-Agent": "lambda-image-optimizer", "Accept-Encoding": "identity"},
            )
        except (httpx.InvalidURL, ValueError, ImportError, OSError) as error:
            raise RegistryError(
                f"no HTTP client with this environment: {reason_of(error)}",
                hint="check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR",
            ) from None


def is_safe(url: httpx.URL) -> bool:
    """Whether a request may go there: over TLS, or to this machine."""
    return bool(url.host) and (url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host)))


def is_loopback(host: str) -> bool:
    """Whether a host, with or without a port, is this machine by one of its two usual names."""
    return host.partition(":")[0] in ("127.0.0.1", "localhost")


class _PlainHttpError(Exception):
    """A redirect to plain HTTP."""


def _check_line(request: httpx.Request) -> None:
    if not is_safe(request.url):
        raise _PlainHttpError(str(request.url))


def _is_tls(error: Exception) -> bool:
    return isinstance(error, httpx.ConnectError) and "SSL" in str(error)


def _retry_after(headers: httpx.Headers, now: datetime.datetime) -> float | None:
    """Seconds to wait by ``Retry-After``, which is a number or a date; None when it is neither.

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
