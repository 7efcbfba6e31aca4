"""Runs tools of this machine, and tells of what went wrong without values of secrets."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from optimizer.adapters import record

_LIMIT_S = 1800
_LAST_LINES = 15


class ToolFailure(Exception):
    """A tool that cannot be run, takes too long, or fails: the text says which, and ends with the last lines that it printed."""


def run_tool(words: Sequence[str], name: str, directory: Path, environment: Mapping[str, str], secrets: Iterable[str]) -> None:
    """Run a tool in a directory, with that environment alone.

    ``name`` is what it is called in messages, from which the values
    ``secrets`` are taken out.  Raises :class:`ToolFailure`.
    """
    try:
        done = record.run(
            words,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=_LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        raise ToolFailure(f"{name} does not end within {_LIMIT_S // 60} minutes") from None
    except OSError as error:
        raise ToolFailure(f"{name} cannot be run: {error.strerror}") from None
    if done.returncode != 0:
        lines = "\n".join(done.stdout.strip().splitlines()[-_LAST_LINES:])
        for value in filter(None, secrets):
            lines = lines.replace(value, "***")
        raise ToolFailure(f"{name} failed:\n{lines}")
