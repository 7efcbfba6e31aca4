"""A container of a function's image, as Lambda starts one."""

from __future__ import annotations

import datetime
import json
import re
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from optimizer.adapters.engine import run_docker
from optimizer.errors import EngineError
from optimizer.model.architectures import platform_of

_USER = "993:990"
"""Neither root nor known to the image, as Lambda's user."""
_QUESTION_S = 120
_FINISH_S = 20
_STARTED = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,6})?\d*Z")


@dataclass(frozen=True, slots=True)
class State:
    """Whether a container runs, and how it ended; ``started_at`` is in seconds since the epoch, None where the engine does not tell."""

    running: bool
    exit_code: int
    out_of_memory: bool
    started_at: float | None


@dataclass(frozen=True, slots=True)
class Container:
    """A container that was started, by its name."""

    name: str

    def state(self) -> State:
        """What the engine says of it."""
        result = run_docker(["container", "inspect", self.name], timeout_s=_QUESTION_S)
        try:
            state = json.loads(result.stdout)[0]["State"]
        except (ValueError, LookupError):
            raise EngineError("the engine lost the container of the function", hint="run the command again") from None
        return State(
            running=bool(state.get("Running")),
            exit_code=int(state.get("ExitCode", 0)),
            out_of_memory=bool(state.get("OOMKilled")),
            started_at=_seconds(str(state.get("StartedAt", ""))),
        )

    def log(self) -> str:
        """What it wrote to standard output, and then to standard error."""
        result = run_docker(["container", "logs", self.name], timeout_s=_QUESTION_S)
        return result.stdout + result.stderr


@contextmanager
def running(
    image: str,
    *,
    api_port: int,
    architecture: str | None = None,
    command: Sequence[str] = (),
    entrypoint: Sequence[str] = (),
    workdir: str = "",
    environment: Mapping[str, str],
    passed: Sequence[str] = (),
    memory_mb: int | None = None,
    tmp_mb: int | None = None,
) -> Iterator[Container]:
    """A container that runs, and is gone afterwards, whatever happens.

    Its file system is read-only but for ``/tmp``, its user is nobody's, and it
    has no privileges.  The runtime interface is on ``api_port`` of this
    machine's loopback interface.  ``passed`` are variables that it gets from
    this process.  Raises :class:`EngineError`.
    """
    name = f"optimizer-invoke-{secrets.token_hex(8)}"
    words = ["--name", name, "--read-only", "--user", _USER, "--cap-drop=ALL", "--security-opt=no-new-privileges"]
    words += ["--tmpfs", "/tmp:rw,exec,nosuid,nodev,mode=1777" + (f",size={tmp_mb}m" if tmp_mb else "")]
    # Without swap, which Lambda has none of.
    words += [f"--memory={memory_mb}m", f"--memory-swap={memory_mb}m"] if memory_mb else []
    words += [f"--platform={platform_of(architecture)}"] if architecture else []
    words += [f"--workdir={workdir}"] if workdir else []
    words += [f"--entrypoint={entrypoint[0]}"] if entrypoint else []
    host, network = _network()
    for variable, value in {**environment, "AWS_LAMBDA_RUNTIME_API": f"{host}:{api_port}"}.items():
        words += ["--env", f"{variable}={value}"]
    # By its name alone, so that no list of processes shows the value.
    for variable in passed:
        words += ["--env", variable]
    try:
        # An engine goes on to make what its client does not wait for any more, and may be done only after it was told to remove it.
        create = ["container", "create", *network, *words, image, *entrypoint[1:], *command]
        _succeed("the container cannot be made", create, finish_s=_FINISH_S)
        _succeed("the container cannot be started", ["container", "start", name])
        yield Container(name)
    finally:
        run_docker(["container", "rm", "--force", "--volumes", name], timeout_s=_QUESTION_S)


def _network() -> tuple[str, list[str]]:
    """How a container reaches this machine's loopback interface: the name of the host, and the options that make it so."""
    if sys.platform == "linux":
        return "127.0.0.1", ["--network=host"]
    # Elsewhere the engine is in a virtual machine, which forwards this name.
    return "host.docker.internal", []


def _succeed(failure: str, arguments: Sequence[str], finish_s: float = 0) -> None:
    result = run_docker(arguments, finish_s=finish_s)
    if result.returncode != 0:
        said = (result.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise EngineError(f"{failure}: {said}", hint="fix what it reports, and run the command again")


def _seconds(text: str) -> float | None:
    """A time of the engine's, in UTC, in seconds since the epoch."""
    match = _STARTED.fullmatch(text)
    if match is None:
        return None
    whole = datetime.datetime.fromisoformat(f"{match[1]}+00:00").timestamp()
    return whole + float(match[2] or 0)
