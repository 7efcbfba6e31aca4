"""Compiles the Python code of a tree as the generated Dockerfile does, with the very Python of the base."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from optimizer.adapters import record
from optimizer.adapters.host.pythons import local_python, local_pythons
from optimizer.adapters.host.tree import TreeRequest, script_command
from optimizer.builders.docker.tree_scripts import compiled
from optimizer.errors import EngineError


def bytecode_obstacle(request: TreeRequest) -> str:
    """Why the base's byte-code cannot be made on this machine; empty where it can be."""
    if not hasattr(os, "fork"):
        return "its byte-code is that of forked processes, which this system does not have"
    if request.python and local_python(request.python) is not None:
        return ""
    minor = request.plan.runtime.removeprefix("python")
    here = local_pythons(minor)
    which = f"Python {request.python}, which is that of its base" if request.python else f"the exact Python {minor} of its base"
    # Of a version that is known, the fix is plain: to have it here.
    unknown = "" if request.python else ", which optimizer.lock does not tell (see optimizer pin)"
    return f"its byte-code is that of {which}{unknown}, and of {minor} this machine has {', '.join(sorted(here)) or 'none'}"


def compile_tree(request: TreeRequest, directory: Path) -> None:
    """Compile all Python code below the directory, which stands for ``/``.

    Raises :class:`EngineError` where the Python fails.
    """
    python = local_python(request.python)
    assert python is not None
    (script,) = compiled(True)
    # As in the stage, nothing of the environment decides what is compiled, and sets have one order.  The working directory
    # is no part of the tree: its modules must not be imported.
    environment = {"PATH": os.defpath, "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}
    with tempfile.TemporaryDirectory(prefix="optimizer-compile-") as place:
        # From a file, too: as an argument the script leaves other names in the interpreter, which decide bytes.
        command = script_command(replace(script, interpreter=(str(python), "-S", "-B", "-W", "ignore")), Path(place), str(directory))
        done = record.run(command, env=environment, cwd=os.sep, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise EngineError(
            f'the byte-code of "{request.stage.name}" cannot be compiled:\n{last}', request.stage.name, "publish with --no-host"
        )
