"""One event to one function, in a container of its own."""

from __future__ import annotations

import json
import os
import queue
import time
import uuid
from collections.abc import Sequence

from optimizer.adapters.invocation.container import Container, State, running
from optimizer.adapters.invocation.interface import Answer, RuntimeInterface
from optimizer.errors import EngineError
from optimizer.model.invocation import Invocation, RunSettings

INIT_LIMIT_S = 10
"""After which Lambda stops an initialization: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"""
_ACCOUNT = "123456789012"
_LOOK_S = 0.25


def invoke(image: str, settings: RunSettings, event: bytes, *, passed: Sequence[str] = ()) -> Invocation:
    """What comes of an event, a JSON document, in a new container of an image of the engine's.

    ``passed`` are variables that the function gets from this process.  Ends
    after the time that Lambda gives an initialization and the function's own.
    Raises :class:`EngineError` where the container cannot be run.
    """
    region = settings.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    interface = RuntimeInterface(
        name=settings.name, arn=f"arn:aws:lambda:{region}:{_ACCOUNT}:function:{settings.name}", timeout_s=settings.timeout_s
    )
    request_id = str(uuid.uuid4())
    interface.events.put((request_id, event))
    try:
        begun = time.time()
        with running(
            image,
            api_port=interface.port,
            architecture=settings.architecture,
            command=settings.command,
            entrypoint=settings.entrypoint,
            workdir=settings.workdir,
            environment={**_variables(settings, region), **settings.environment},
            passed=passed,
            memory_mb=settings.memory_mb,
            tmp_mb=settings.tmp_mb,
        ) as container:
            return _outcome(interface, container, settings, request_id, begun)
    finally:
        interface.close()


def _variables(settings: RunSettings, region: str) -> dict[str, str]:
    """What Lambda sets: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""
    return {
        "AWS_LAMBDA_FUNCTION_NAME": settings.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{settings.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "$LATEST",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "TZ": ":UTC",
    }


def _outcome(interface: RuntimeInterface, container: Container, settings: RunSettings, request_id: str, begun: float) -> Invocation:
    answer, state = _wait(interface, container, settings.timeout_s)
    log = container.log()
    init_s = None if interface.asked_at is None else interface.asked_at - min(max(begun, state.started_at or 0), interface.asked_at)
    remarks = []
    if init_s is not None and init_s > INIT_LIMIT_S:
        remarks.append(f"Lambda stops an initialization after {INIT_LIMIT_S} seconds, and begins it again as a part of the invocation")
    if answer is not None:
        duration_s = None if interface.given_at is None else answer.at - interface.given_at
        failure = "" if answer.kind == "response" else "the function failed" if duration_s is not None else "the initialization failed"
        return Invocation(answer=answer.body, failure=failure, init_s=init_s, duration_s=duration_s, log=log, remarks=tuple(remarks))
    if "exec format error" in log:
        raise EngineError(
            f"this machine cannot run an image for {settings.architecture}",
            hint="invoke it on a machine of that architecture, or install an emulator for the engine",
        )
    if not state.running:
        killed = state.out_of_memory
        why = f"all {settings.memory_mb} MB of memory were used" if killed else f"the runtime ended with exit code {state.exit_code}"
        ended = "signal: killed" if killed else f"exit status {state.exit_code}"
        document = _document("Runtime.ExitError", f"RequestId: {request_id} Error: Runtime exited with error: {ended}")
        return Invocation(answer=document, failure=why, init_s=init_s, log=log, remarks=tuple(remarks))
    seconds = f"{settings.timeout_s:.2f} seconds"
    if interface.given_at is None and not interface.calls:
        remarks.append("the container never called the runtime interface: is its entrypoint that of a Lambda base image?")
    return Invocation(
        answer=_document("Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {seconds}"),
        failure=f"no answer within the timeout of {settings.timeout_s} s",
        init_s=init_s,
        duration_s=None if interface.given_at is None else float(settings.timeout_s),
        log=log,
        remarks=tuple(remarks),
    )


def _wait(interface: RuntimeInterface, container: Container, timeout_s: float) -> tuple[Answer | None, State]:
    """The answer, None where the container or the time ended before, and the container then."""
    begun = time.monotonic()
    while True:
        given = interface.given_at
        deadline = begun + INIT_LIMIT_S + timeout_s if given is None else given + timeout_s
        try:
            return interface.answers.get(timeout=max(0.0, min(_LOOK_S, deadline - time.monotonic()))), container.state()
        except queue.Empty:
            state = container.state()
        if not state.running:
            # What it posted last.
            last = None if interface.answers.empty() else interface.answers.get()
            return last, state
        if time.monotonic() >= deadline and interface.given_at == given:
            return None, state


def _document(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}, separators=(",", ":")).encode()
