#!/usr/bin/env python3
"""A Lambda extension that logs when its function is invoked and shut down.

It is a process of its own beside the runtime, started because it lies in
``/opt/extensions``.  It speaks the Extensions API, 2020-01-01:
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

API = "2020-01-01/extension"
EVENTS = ("INVOKE", "SHUTDOWN")

# The API is on this machine; a proxy of the function's own must not see it.
_opener = build_opener(ProxyHandler({}))


def log(message: str, **fields: Any) -> None:
    """One JSON object per line, beside the function's own."""
    print(json.dumps({"level": "info", "extension": "telemetry", "message": message, **fields}, separators=(",", ":")), flush=True)


def register(host: str, name: str) -> str:
    """Register for the events, and return the identifier that later calls carry; the name is the file's own."""
    body = json.dumps({"events": EVENTS}).encode()
    request = Request(f"http://{host}/{API}/register", body, {"Lambda-Extension-Name": name, "Content-Type": "application/json"})
    with _opener.open(request, timeout=10) as response:
        return str(response.headers["Lambda-Extension-Identifier"])


def next_event(host: str, identifier: str) -> Mapping[str, Any]:
    """Wait for the next event.  There is no time-out: Lambda freezes the process between invocations."""
    request = Request(f"http://{host}/{API}/event/next", headers={"Lambda-Extension-Identifier": identifier})
    with _opener.open(request) as response:
        return dict(json.load(response))


def serve(host: str, name: str) -> int:
    """Log events until the shutdown; returns how many invocations there were."""
    identifier = register(host, name)
    log("registered", events=EVENTS)
    invocations, started = 0, time.monotonic()
    while True:
        event = next_event(host, identifier)
        if event.get("eventType") == "SHUTDOWN":
            log("shutdown", reason=event.get("shutdownReason"), invocations=invocations, seconds=round(time.monotonic() - started, 3))
            return invocations
        invocations += 1
        log("invoke", request=event.get("requestId"), deadline_ms=event.get("deadlineMs"))


def main() -> int:
    """Exit code 0 after a shutdown, 1 when Lambda's API is missing or refuses."""
    host = os.environ.get("AWS_LAMBDA_RUNTIME_API")
    if not host:
        print("telemetry: AWS_LAMBDA_RUNTIME_API is not set; Lambda starts this extension, not a person", file=sys.stderr)
        return 1
    try:
        serve(host, Path(sys.argv[0]).name)
    except (HTTPError, URLError, OSError, ValueError) as error:
        print(f"telemetry: the Extensions API at {host} failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
