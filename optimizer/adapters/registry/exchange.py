"""The requests for one image reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from optimizer.adapters.registry.messages import reason_of, refused, unreachable
from optimizer.adapters.registry.session import Session
from optimizer.adapters.registry.transport import Request, Response, Stream, Transport, is_loopback
from optimizer.errors import RegistryError
from optimizer.model.reference import ImageReference

_DOCKER_HUB = "docker.io"

_Answer = TypeVar("_Answer", Response, Stream)


class Exchange:
    """Asks the registry of a reference about its repository, with the login that the registry wants."""

    def __init__(self, transport: Transport, session: Session, reference: ImageReference) -> None:
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
        self._scope = f"repository:{repository}:pull"

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

    def unreachable(self, error: Exception) -> RegistryError:
        """The error for a connection that breaks every time."""
        return unreachable(self._host, reason_of(error), self.subject)

    def _get(self, path: str, headers: Mapping[str, str], ask: Callable[[Request], _Answer]) -> _Answer:
        url, authorization = f"{self._base}/{path}", self._session.authorization(self._host, self._scope)
        answer = ask(Request(url=url, subject=self.subject, headers=_authorized(headers, authorization)))
        if answer.status == 401:
            challenge = answer.headers.get_list("WWW-Authenticate")
            authorization = self._session.authorize(self._host, self._scope, challenge, self.subject)
            if authorization is None:
                raise refused(self._host, 401, answer.body, f'"{self.subject}"')
            answer = ask(Request(url=url, subject=self.subject, headers=_authorized(headers, authorization)))
        if answer.status != 200 and not (answer.status == 206 and "Range" in headers):
            what = f'"{self.subject}"' if path.startswith("manifests/") else f'a blob of "{self.subject}"'
            raise refused(self._host, answer.status, answer.body, what)
        return answer


def _authorized(headers: Mapping[str, str], authorization: str | None) -> dict[str, str]:
    return {**headers, "Authorization": authorization} if authorization else dict(headers)
