"""Compiles the Python code of a tree as the generated Dockerfile does, with the very Python of the base."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from optimizer.adapters.host.pythons import local_pythons
from optimizer.adapters.host.tree import TreeRequest, script_command
from optimizer.builders.docker.tree_scripts import compiled
from optimizer.errors import EngineError


def bytecode_obstacle(request: TreeRequest) -> str:
    """Why the base's byte-code cannot be made on this machine; empty where it can be."""
    if request.facts.python:
        return ""
    minor = request.plan.runtime.removeprefix("python")
    here = ", ".join(sorted(local_pythons(minor))) or "none"
    return f"its byte-code is that of the exact Python {minor} of its base, and of that version this machine has {here}"


def compile_tree(request: TreeRequest, directory: Path) -> None:
    """Compile all Python code below the directory, which stands for ``/``.

    Raises :class:`EngineError` where the Python fails.
    """
    python = local_pythons(request.facts.python.rpartition(".")[0])[request.facts.python]
    (script,) = compiled(True)
    # As in the stage, nothing of the environment decides what is compiled, and sets have one order.  The working directory
    # is no part of the tree: its modules must not be imported.
    environment = {"PATH": os.defpath, "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}
    with tempfile.TemporaryDirectory(prefix="optimizer-compile-") as place:
        # From a file, too: as an argument the script leaves other names in the interpreter, which decide bytes.
        command = script_command(replace(script, interpreter=(str(python), "-S", "-B", "-W", "ignore")), Path(place), str(directory))
        done = subprocess.run(command, env=environment, cwd=os.sep, capture_output=True, text=True, check=False)  # noqa: S603 - a list of arguments, and no shell
    if done.returncode != 0:
        last = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise EngineError(
            f'the byte-code of "{request.stage.name}" cannot be compiled:\n{last}', request.stage.name, "publish with --no-host"
        )
