"""The calls of the CDK CLI, and what becomes of each.

Everything that only some calls need is imported by those: CDK calls this
program five times for each image, and waits for it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from optimizer.adapters.engine_program import OWN_MARK, OWN_PROGRAM
from optimizer.adapters.interrupts import take_requests_to_end
from optimizer.docker_program.context import is_current
from optimizer.docker_program.real import absence, hand_over, real_docker
from optimizer.docker_program.state import State
from optimizer.errors import EngineError, OptimizerError

_FAILED = 1
"""What docker exits with when it refuses; CDK takes it for "no such image" after inspect."""
_INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: ``words`` are all of its arguments, ``rest`` those after the command, and ``config`` that of ``--config``."""

    words: Sequence[str]
    command: str
    rest: Sequence[str]
    config: str = ""


def main() -> None:
    """Carry out the call of this process's arguments; exits as docker would."""
    take_requests_to_end()
    try:
        with _recorded():
            code = run(sys.argv[1:])
    except OptimizerError as error:
        for fault in error.faults:
            print(f"error: {fault}", file=sys.stderr)
        code = _FAILED
    except KeyboardInterrupt:
        print("error: interrupted; nothing that has a tag lacks a part", file=sys.stderr)
        code = _INTERRUPTED
    sys.exit(code)


@contextmanager
def _recorded() -> Iterator[None]:
    """Say on standard error what is asked of whom, where OPTIMIZER_VERBOSE wants it: CDK passes no option of ours on."""
    if not os.environ.get("OPTIMIZER_VERBOSE"):
        yield
        return
    from optimizer.adapters.record import recorded

    with recorded(lambda line: print(line, file=sys.stderr)):
        yield


def run(words: Sequence[str]) -> int:
    """The exit code of a call; raises :class:`OptimizerError`."""
    if OWN_MARK in os.environ:
        raise EngineError(
            f"{OWN_PROGRAM} was called by the program that it runs as docker",
            hint="name a container engine with OPTIMIZER_DOCKER, or unset it to run docker",
        )
    os.environ[OWN_MARK] = "1"
    call = _parse(words)
    answer = _ANSWERS.get(call.command)
    if answer is None:
        return hand_over(words, f'"{" ".join(words[:2])}" needs a container engine' if words else "docker itself was called")
    return answer(call, State())


def _parse(words: Sequence[str]) -> Call:
    if len(words) > 2 and words[0] == "--config":
        return Call(words=words, command=words[2], rest=words[3:], config=os.path.abspath(words[1]))
    # With any other option before the command, it is not CDK that calls.
    return Call(words=words, command=words[0] if words else "", rest=words[1:])


def _login(call: Call, state: State) -> int:
    from optimizer.docker_program.arguments import parse_login
    from optimizer.docker_program.login import log_in

    login = parse_login(call.rest)
    if login is None:
        return hand_over(call.words, "this login needs a container engine")
    return log_in(login, call.words, state)


def _inspect(call: Call, state: State) -> int:
    name = call.rest[-1] if call.rest else ""
    image = state.image(name) if len(call.rest) == 1 else None
    if image is not None:
        if is_current(image):
            print(json.dumps([{"RepoTags": [image.name], "BuildContext": image.directory}]))
            return 0
        # Built again, by whatever CDK has now.
        state.forget(name)
    if real_docker() is None:
        print(f"error: there is no image {json.dumps(name)}: it was not built here, and {absence()}", file=sys.stderr)
        return _FAILED
    return hand_over(call.words, "")


def _build(call: Call, state: State) -> int:
    from optimizer.docker_program.build import build

    return build(call.words, call.rest, call.config, state)


def _tag(call: Call, state: State) -> int:
    image = state.image(call.rest[0]) if len(call.rest) == 2 else None
    if image is not None:
        state.remember(replace(image, name=call.rest[1]))
        return 0
    if len(call.rest) == 2:
        state.forget(call.rest[1])
    return hand_over(call.words, f'the image "{call.rest[0] if call.rest else ""}" to be tagged is none that was built here')


def _push(call: Call, state: State) -> int:
    image = state.image(call.rest[0]) if len(call.rest) == 1 else None
    if image is None:
        return hand_over(call.words, f'the image "{call.rest[-1] if call.rest else ""}" to be pushed is none that was built here')
    from optimizer.docker_program.push import push

    push(image, state)
    return 0


def _images(call: Call, state: State) -> int:
    from optimizer.docker_program.arguments import reference_filter

    tag = reference_filter(call.rest)
    if tag is None:
        return hand_over(call.words, "a list of images needs a container engine")
    for image in state.images():
        if image.name.endswith(f":{tag}"):
            print(image.name)
    return hand_over(call.words, "") if real_docker() is not None else 0


_ANSWERS: dict[str, Callable[[Call, State], int]] = {
    "login": _login,
    "inspect": _inspect,
    "build": _build,
    "tag": _tag,
    "push": _push,
    "images": _images,
}
