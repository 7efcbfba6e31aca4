"""HTTP for registries: limits, safe redirects, and retries.

Plain HTTP goes to ``127.0.0.1`` and ``localhost`` only, redirects included.
Failing connections and the answers 429 and 5xx are tried again.
"""

from __future__ import annotations

import datetime
import email.utils
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode, urljoin

from urllib3 import BaseHTTPResponse, HTTPHeaderDict
from urllib3.exceptions import HTTPError, LocationParseError, LocationValueError, SSLError

from optimizer.adapters.registry.connections import PATIENCE_S, Connections
from optimizer.adapters.registry.media_types import MAX_DOCUMENT_BYTES
from optimizer.adapters.registry.messages import ASK_OWNER, ATTEMPTS, RETRY_STATUS, broken, unreachable
from optimizer.adapters.registry.urls import host_of, is_safe, origin_of, shown
from optimizer.errors import RegistryError

_MAX_REQUEST_S = 120
_MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_PIECE = 1 << 20

_FIRST_DELAY_S = 0.5
_MAX_DELAY_S = 60.0


class BrokenConnection(Exception):
    """A connection that could not be made, or broke; says why.

    ``answer`` is that of a registry that was too busy.
    """

    def __init__(self, reason: str, answer: Response | None = None) -> None:
        super().__init__(reason)
        self.answer = answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; ``subject`` is the image reference that errors name.

    With a ``form`` it is a POST of that form.  ``content`` gives the bytes of a
    body, anew for each attempt.  Only requests that change nothing follow
    redirects: a form may hold a secret, and only its first receiver was checked.
    ``patience_s`` is how many seconds the registry has for any part of its answer.
    """

    url: str
    subject: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    content: Callable[[], Iterable[bytes]] | None = field(default=None, repr=False)
    patience_s: float = PATIENCE_S


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer of at most 4 MiB."""

    status: int
    headers: HTTPHeaderDict
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

    def __init__(self, response: BaseHTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = b""
        self._response = response

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes, in pieces of at most one MiB; raises BrokenConnection where it ends early."""
        # Pieces of a fixed size would lose what came before a break.
        try:
            while piece := self._response.read1(_PIECE, decode_content=False):
                yield piece
        except (HTTPError, OSError) as error:
            raise BrokenConnection(broken(error)) from error

    def close(self) -> None:
        """Leave the rest of the body; the connection is not used again."""
        self._response.close()
        self._response.release_conn()

    def release(self) -> None:
        """Let the next request use the connection; the body has been read."""
        self._response.release_conn()


_Answer = TypeVar("_Answer", Response, Stream)


class Transport:
    """Sends requests; keeps the connections, and which hosts could not be reached.

    ``sleep`` takes seconds, ``now`` gives an aware time.
    """

    def __init__(self, sleep: Callable[[float], object], now: Callable[[], datetime.datetime]) -> None:
        self._sleep = sleep
        self._now = now
        self._connections = Connections()
        self._unreachable: dict[str, str] = {}

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        self._connections.close()

    def fetch(self, request: Request) -> Response:
        """The first answer that no retry would change, whole; raises RegistryError."""
        return self._send(request, self._receive)

    def stream(self, request: Request) -> Stream:
        """The same as ``fetch``, with the body left to be read."""
        return self._send(request, self._begin)

    def fetch_once(self, request: Request) -> Response:
        """The answer to one request, which may not be sent again as it is.

        Raises BrokenConnection where there is none, or one that the request
        came too early for; that time has been waited for then.
        """
        try:
            answer = self._receive(request)
        except (HTTPError, OSError) as error:
            raise BrokenConnection(broken(error)) from error
        if answer.status in RETRY_STATUS:
            self._wait_as_told(host_of(request.url), answer, 1)
            raise BrokenConnection(f"it answered {answer.status}", answer)
        return answer

    def pause(self, failures: int) -> None:
        """Wait as long as is due after that many failures, 1 or more."""
        self._sleep(_FIRST_DELAY_S * 2 ** (failures - 1))

    def _send(self, request: Request, receive: Callable[[Request], _Answer]) -> _Answer:
        host = host_of(request.url)
        if host in self._unreachable:
            # The whole wait is paid once per host: a dead mirror must not cost it again for each image.
            raise unreachable(host, self._unreachable[host], request.subject)
        for attempt in range(1, ATTEMPTS + 1):
            last = attempt == ATTEMPTS
            try:
                answer = receive(request)
            except (HTTPError, BrokenConnection, OSError, ValueError) as error:
                # An impossible host or port, and a refused certificate, fail the same way at every attempt.
                if last or isinstance(error, (LocationValueError, LocationParseError, ValueError, SSLError)):
                    self._unreachable[host] = broken(error)
                    raise unreachable(host, broken(error), request.subject) from None
                self.pause(attempt)
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
        stream = Stream(self._open(request))
        started = self._now()
        try:
            for piece in stream.pieces():
                body += piece
                if len(body) > MAX_DOCUMENT_BYTES:
                    raise RegistryError(f'the answer for "{request.subject}" is larger than {MAX_DOCUMENT_BYTES} bytes', hint=ASK_OWNER)
                if (self._now() - started).total_seconds() > _MAX_REQUEST_S:
                    raise BrokenConnection(f"no whole answer within {_MAX_REQUEST_S} seconds")
        except BaseException:
            stream.close()
            raise
        if request.content is not None and stream.status >= 400:
            # Refused before all of the body was sent: what follows on that connection would be read as the rest of it.
            stream.close()
        else:
            stream.release()
        return Response(stream.status, stream.headers, bytes(body))

    def _begin(self, request: Request) -> Stream:
        answer = Stream(self._open(request))
        if answer.status not in (200, 206):
            # The body of a refusal is short, and gives the reason.
            try:
                answer.body = next(answer.pieces(), b"")[:MAX_DOCUMENT_BYTES]
            finally:
                answer.close()
        return answer

    def _open(self, request: Request) -> BaseHTTPResponse:
        url, headers = request.url, dict(request.headers)
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._connections.open(request.method, url, headers, _body(request, headers), request.patience_s)
            location = response.headers.get("Location")
            if response.status not in _REDIRECTS or location is None or request.method not in ("GET", "HEAD"):
                return response
            response.drain_conn()
            response.release_conn()
            target = urljoin(url, location)
            if not is_safe(target):
                raise RegistryError(
                    f'registry "{host_of(request.url)}" redirects to "{shown(target)}"; allowed: an https address', hint=ASK_OWNER
                )
            if origin_of(target) != origin_of(url):
                # A login is for the host that asked for it.
                headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
            url = target
        raise RegistryError(f'registry "{host_of(request.url)}" redirects more than {_MAX_REDIRECTS} times', hint=ASK_OWNER)


def _body(request: Request, headers: dict[str, str]) -> bytes | Iterable[bytes] | None:
    if request.form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return urlencode(request.form).encode("ascii")
    return request.content() if request.content is not None else None


def _retry_after(headers: HTTPHeaderDict, now: datetime.datetime) -> float | None:
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
