"""A small router for Lambda function URLs and HTTP APIs.

Requests and answers have payload format 2.0:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from shop.log import log


class Problem(Exception):
    """A request that the shop refuses: the HTTP status, and the reason in the customer's words."""

    def __init__(self, status: int, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.extra = extra


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request; ``parameters`` are those of the path, decoded."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> Request:
        """The request of an event; raises :class:`Problem` when it is not one of payload format 2.0."""
        try:
            http = event["requestContext"]["http"]
            method, path = http["method"], event["rawPath"]
            body = event.get("body") or ""
            if event.get("isBase64Encoded"):
                body = base64.b64decode(body, validate=True).decode()
        except (KeyError, TypeError):
            raise Problem(400, "the event is no HTTP request of payload format 2.0") from None
        except (binascii.Error, UnicodeDecodeError):
            raise Problem(400, "the body is not text") from None
        return cls(method=method, path=path, query=event.get("queryStringParameters") or {}, body=body)

    def json(self) -> Any:
        """The body's JSON; raises :class:`Problem` when it is none."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Problem(400, f"the body is not JSON: {error}") from None


View = Callable[[Request], Any]


class Router:
    """Finds the view of a request, and makes an HTTP answer of what it returns or refuses."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], View]] = []

    def route(self, method: str, pattern: str) -> Callable[[View], View]:
        """Decorator: the view answers the method at the path; ``{name}`` stands for one segment."""
        expression = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(pattern))

        def register(view: View) -> View:
            self._routes.append((method, re.compile(expression), view))
            return view

        return register

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to an event; never raises, an unexpected fault is logged and becomes status 500."""
        try:
            request = Request.from_event(event)
            return _answer(200, self._dispatch(request))
        except Problem as problem:
            log("warning", "request refused", status=problem.status, detail=problem.detail)
            body = {"status": problem.status, "detail": problem.detail, **problem.extra}
            return _answer(problem.status, body, content_type="application/problem+json")
        except Exception as error:
            log("error", "request failed", error=f"{type(error).__name__}: {error}")
            return _answer(
                500, {"status": 500, "detail": "the shop has a fault; please try again"}, content_type="application/problem+json"
            )

    def _dispatch(self, request: Request) -> Any:
        allowed = []
        for method, pattern, view in self._routes:
            match = pattern.fullmatch(request.path)
            if match is None:
                continue
            if method != request.method:
                allowed.append(method)
                continue
            parameters = {name: unquote(value) for name, value in match.groupdict().items()}
            return view(Request(method=method, path=request.path, query=request.query, parameters=parameters, body=request.body))
        if allowed:
            raise Problem(405, f"{request.method} is not allowed here; allowed: {', '.join(sorted(allowed))}")
        raise Problem(404, f"there is nothing at {request.path}")


def _answer(status: int, body: Any, content_type: str = "application/json") -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": content_type},
        "body": json.dumps(body, separators=(",", ":"), ensure_ascii=False),
    }
