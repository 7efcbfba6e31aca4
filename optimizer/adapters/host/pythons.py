"""Pythons of this machine, by their exact versions: byte-code of one patch release is not that of another.

CPython 3.13.0 and 3.13.5 have one magic number, and compile a third of the
files of common packages to other bytes.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from optimizer.adapters import record

_VERSION = "import platform, sys; print(platform.python_implementation(), platform.python_version(), sys.executable, sep='\\n')"
_ANSWER_S = 20


def local_pythons(minor: str) -> Mapping[str, Path]:
    """Every CPython of a minor version, such as ``3.13``, on this machine, by its exact version, such as ``3.13.5``.

    Looked for on PATH, and where uv, pyenv and CI runners keep theirs.
    """
    found: dict[str, Path] = {}
    for candidate in dict.fromkeys(_candidates(minor)):
        version, program = _version(candidate)
        if version.startswith(f"{minor}."):
            found.setdefault(version, program)
    return found


def local_python(version: str) -> Path | None:
    """The CPython of an exact version, such as ``3.13.5``, on this machine; no more of them are run than it takes to find it."""
    for candidate in dict.fromkeys(_candidates(version.rpartition(".")[0])):
        found, program = _version(candidate)
        if found == version:
            return program
    return None


def _candidates(minor: str) -> Iterator[Path]:
    for name in (f"python{minor}", "python3", "python"):
        for directory in os.environ.get("PATH", "").split(os.pathsep):
            if directory and (program := shutil.which(name, path=directory)):
                yield Path(program)
    home = os.path.expanduser("~")
    data = os.environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    directories = {
        os.environ.get("UV_PYTHON_INSTALL_DIR") or os.path.join(data, "uv", "python"): f"cpython-{minor}.*/bin/python{minor}",
        os.path.join(os.environ.get("PYENV_ROOT") or os.path.join(home, ".pyenv"), "versions"): f"{minor}.*/bin/python{minor}",
        # The runners of GitHub and of Azure Pipelines.
        os.environ.get("RUNNER_TOOL_CACHE") or os.environ.get("AGENT_TOOLSDIRECTORY") or "": f"Python/{minor}.*/*/bin/python{minor}",
    }
    for directory, pattern in directories.items():
        if directory:
            yield from sorted(Path(directory).glob(pattern))


# Of the program alone: what is on PATH may change within a process, and decides what the functions above find.
@functools.lru_cache(maxsize=64)
def _version(program: Path) -> tuple[str, Path]:
    """The version of a CPython, and the program itself; an empty version for what is none, or does not run.

    A program on PATH may be a script that chooses a Python by the environment.
    """
    try:
        # Isolated: neither the environment nor the directory decides what it imports.
        told = record.run([str(program), "-I", "-c", _VERSION], capture_output=True, text=True, check=False, timeout=_ANSWER_S)
    except (OSError, subprocess.TimeoutExpired):
        return "", program
    lines = told.stdout.splitlines()
    return (lines[1], Path(lines[2])) if told.returncode == 0 and len(lines) == 3 and lines[0] == "CPython" else ("", program)
