"""LIO605: the image starts a server that knows nothing of Lambda."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from optimizer.dockerfile.instruction import Instruction, Span
from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.base_image import last
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject, FunctionSubject

_SERVERS = frozenset(
    [
        "apachectl",
        "caddy",
        "daphne",
        "fastapi",
        "flask",
        "gunicorn",
        "httpd",
        "hypercorn",
        "nginx",
        "npm",
        "npx",
        "puma",
        "rackup",
        "streamlit",
        "uvicorn",
        "uwsgi",
        "waitress-serve",
        "yarn",
    ]
)
"""Programs that serve HTTP, or start what does, and ask nobody for invocations."""

_INTERPRETERS = re.compile(r"python\d*(?:\.\d+)?|bundle|uv|poetry|pipenv")
_WRAPPERS = ("-m", "exec", "run")


def _check_dockerfile(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    entrypoint = last(subject, "ENTRYPOINT")
    if entrypoint is None:
        return
    yield from _judged(subject, _words(entrypoint), entrypoint.head)


def _check_function(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    if subject.declared.entrypoint and subject.dockerfile is not None:
        yield from _judged(subject.dockerfile, subject.declared.entrypoint, None)


def _judged(file: DockerfileSubject, words: Sequence[str], span: Span | None) -> Iterator[Verdict]:
    server = _server(words)
    adapter = _has_adapter(file) if server else True
    if adapter is None:
        reason = f'"{server}" answers no invocations of Lambda, unless a tree that is copied to "/" holds an extension that does'
        yield Inconclusive(reason=reason, span=span)
    elif not adapter:
        yield Violation(message=f'"{server}" answers no invocations of Lambda', span=span)


def _words(entrypoint: Instruction) -> Sequence[str]:
    return entrypoint.json if entrypoint.json is not None else entrypoint.arguments.split()


def _server(words: Sequence[str]) -> str:
    """The server that a command starts; empty for anything else."""
    names = [word.rpartition("/")[2] for word in words]
    # npx aws-lambda-ric is how AWS starts its client for Node.js.
    if any("lambda" in name for name in names):
        return ""
    if len(names) > 2 and _INTERPRETERS.fullmatch(names[0]) and names[1] in _WRAPPERS:
        names = names[2:]
    return names[0] if names and names[0] in _SERVERS else ""


def _has_adapter(subject: DockerfileSubject) -> bool | None:
    """Whether an extension may answer in the server's place, as AWS's web adapter does; None where it is unknown."""
    hidden = False
    for item in subject.final_stages:
        for _, copy in subject.copies(item):
            if (copy.target or "").startswith("/opt") or "adapter" in copy.instruction.value:
                return True
            hidden = hidden or copy.target == "/"
        if any("/opt/extensions" in instruction.value for instruction in item.stage.instructions):
            return True
    return None if hidden else False


RULE = Rule(
    id="LIO605",
    name="no-runtime-client",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The entrypoint starts a web server, and nothing in the image asks Lambda for invocations.",
    why=(
        "A function gets its invocations from Lambda's runtime interface. The entrypoint of AWS's base images starts the client for it; a web "
        "server waits for requests that never come, and every invocation times out."
    ),
    fix="remove ENTRYPOINT and name the handler in CMD, or add the Lambda Web Adapter to /opt/extensions",
    fix_in_spec="leave the entrypoint of the function as it is, or add the Lambda Web Adapter as an Extension",
    bad='FROM public.ecr.aws/lambda/python:3.13\nENTRYPOINT ["uvicorn", "app:app"]',
    good='FROM public.ecr.aws/lambda/python:3.13\nCMD ["app.handler"]',
    dockerfile=_check_dockerfile,
    function=_check_function,
)
