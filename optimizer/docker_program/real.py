"""The real docker, to which everything is handed that this program does not answer itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from optimizer.adapters.engine_program import OWN_PROGRAM, engine_program, is_own_program
from optimizer.errors import EngineError

HINT = "install Docker, or name another engine with OPTIMIZER_DOCKER"


def real_docker() -> str | None:
    """The path of the real docker; None where there is none."""
    program = engine_program()
    if program.variable and is_own_program(program.name):
        raise EngineError(f'{program.variable} names "{program.name}", which is {OWN_PROGRAM} itself', hint="name a container engine")
    path = shutil.which(program.name)
    return path if path is not None and not is_own_program(path) else None


def absence() -> str:
    """Which program is missing, as part of a sentence."""
    program = engine_program()
    which = f'"{program.name}", which {program.variable} names,' if program.variable else program.name
    return f"there is no {which} on this machine"


def hand_over(words: Sequence[str], need: str, hint: str = "") -> int:
    """Let the real docker carry out a call, unchanged, in place of this process where that is possible; gives its exit code.

    ``need`` says in errors what wants an engine, up to ``, and there is none``;
    ``hint`` what to do about it, by default to get one.
    Raises :class:`EngineError` where there is no engine.
    """
    path = real_docker()
    if path is None:
        raise EngineError(f"{need}, and {absence()}", hint=hint or HINT)
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        try:
            os.execv(path, [path, *words])  # noqa: S606 - a list of arguments, and no shell
        except OSError as error:
            raise EngineError(f'"{path}" cannot be run: {error.strerror}', hint="check its permissions") from None
    return subprocess.call([path, *words])  # noqa: S603 - a list of arguments, and no shell
