"""The requests for one image reference."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeVar

from optimizer.adapters.registry.connections import PATIENCE_S
from optimizer.adapters.registry.messages import ASK_OWNER, reason_of, refused, unreachable
from optimizer.adapters.registry.session import Session
from optimizer.adapters.registry.transport import BrokenConnection, Request, Response, Stream, Transport
from optimizer.adapters.registry.urls import is_loopback, is_safe, joined, origin_of, shown
from optimizer.errors import RegistryError
from optimizer.model.reference import ImageReference

_DOCKER_HUB = "docker.io"

_Answer = TypeVar("_Answer", Response, Stream)


class Exchange:
    """Asks the registry of a reference about its repository, with the login that the registry wants.

    ``actions`` are what it asks for: ``pull``, or ``pull,push``; ``also`` are
    repositories of the same registry that it reads besides.
    """

    def __init__(
        self, transport: Transport, session: Session, reference: ImageReference, actions: str = "pull", also: Iterable[str] = ()
    ) -> None:
        self._transport = transport
        self._session = session
        self.subject = str(reference)
        self._host = reference.registry
        repository, api_host = reference.repository, self._host
        if self._host == _DOCKER_HUB:
            # Docker Hub's API has another host, and official images a hidden folder.
            api_host = "registry-1.docker.io"
            if "/" not in repository:
                repository = f"library/{repository}"
        scheme = "http" if is_loopback(self._host) else "https"
        self._base = f"{scheme}://{api_host}/v2/{repository}"
        self._scope = " ".join([f"repository:{repository}:{actions}", *(f"repository:{other}:pull" for other in also)])

    def get(self, path: str, accept: str) -> Response:
        """The answer 200 to a GET; raises RegistryError for any other."""
        return self._get(path, {"Accept": accept}, self._transport.fetch)

    def stream(self, path: str, start: int) -> Stream:
        """The answer to a GET from a byte on, its body not read yet; 206, or 200 where the registry sends all of it again."""
        headers = {"Accept": "*/*"}
        if start:
            headers["Range"] = f"bytes={start}-"
        return self._get(path, headers, self._transport.stream)

    def pause(self, failures: int) -> None:
        """Wait as long as is due after that many failures, 1 or more."""
        self._transport.pause(failures)

    def failed(self, error: BrokenConnection, what: str = "") -> RegistryError:
        """The error for a connection that breaks every time, or a registry that is busy every time it is asked for ``what``."""
        return self.refused(error.answer, what) if error.answer is not None else unreachable(self._host, reason_of(error), self.subject)

    def refused(self, answer: Response, what: str) -> RegistryError:
        """The error for an answer that is not the wanted one."""
        return refused(self._host, answer.status, answer.body, what)

    def send(
        self,
        method: str,
        target: str,
        what: str,
        statuses: Collection[int],
        headers: Mapping[str, str] | None = None,
        content: Callable[[], Iterable[bytes]] | None = None,
    ) -> Response:
        """The answer to a request, with one of the statuses; raises RegistryError for any other.

        ``target`` is a path in the repository, or the address that an answer
        named, as it stands there; ``what`` names what is asked for in errors.
        """
        answer = self._answer(method, self._address(target), headers or {}, content, self._transport.fetch)
        if answer.status not in statuses:
            raise self.refused(answer, what)
        return answer

    def send_once(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        content: Callable[[], Iterable[bytes]] | None = None,
        patience_s: float = PATIENCE_S,
    ) -> Response:
        """The answer to a request that may not be sent again as it is, whatever its status; raises BrokenConnection for none."""
        return self._answer(method, self._address(target), headers, content, self._transport.fetch_once, patience_s)

    def _address(self, target: str) -> str:
        if "://" not in target and not target.startswith("/"):
            return f"{self._base}/{target}"
        url = joined(self._base, target)
        if not is_safe(url):
            raise RegistryError(f'registry "{self._host}" sends to "{shown(target)}"; allowed: an https address', hint=ASK_OWNER)
        return url

    def _get(self, path: str, headers: Mapping[str, str], ask: Callable[[Request], _Answer]) -> _Answer:
        answer = self._answer("GET", f"{self._base}/{path}", headers, None, ask)
        if answer.status != 200 and not (answer.status == 206 and "Range" in headers):
            what = f'"{self.subject}"' if path.startswith("manifests/") else f'a blob of "{self.subject}"'
            raise refused(self._host, answer.status, answer.body, what)
        return answer

    def _answer(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: Callable[[], Iterable[bytes]] | None,
        ask: Callable[[Request], _Answer],
        patience_s: float = PATIENCE_S,
    ) -> _Answer:
        """The answer with the login that the registry wants, whatever its status; another host gets no login."""
        own = origin_of(url) == origin_of(self._base)
        authorization = self._session.authorization(self._host, self._scope) if own else None
        for last in (False, True):
            request = Request(
                method=method,
                url=url,
                subject=self.subject,
                headers=_authorized(headers, authorization),
                content=content,
                patience_s=patience_s,
            )
            answer = ask(request)
            if answer.status != 401 or not own or last:
                return answer
            challenge = answer.headers.getlist("WWW-Authenticate")
            authorization = self._session.authorize(self._host, self._scope, challenge, self.subject)
            if authorization is None:
                raise refused(self._host, 401, answer.body, f'"{self.subject}"')
        raise AssertionError("the second answer is returned")


def _authorized(headers: Mapping[str, str], authorization: str | None) -> dict[str, str]:
    return {**headers, "Authorization": authorization} if authorization else dict(headers)
