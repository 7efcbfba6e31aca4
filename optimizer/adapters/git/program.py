"""Runs ``git`` so that neither the environment nor the configuration decides what it prints."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from optimizer.adapters import record

TIME_LIMIT_S = 120
"""Seconds after which a question to git is given up."""

_OPTIONS = (
    "--no-pager",
    "--no-replace-objects",
    "--literal-pathspecs",
    # Programs that a repository's own configuration may name.
    "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null",
    "-c", "log.showSignature=false",
    # What would change the text of the answers.
    "-c", "core.quotePath=false",
    "-c", "diff.orderFile=/dev/null",
    "-c", "diff.renames=true",
    "-c", "diff.relative=false",
)  # fmt: skip


class GitFailure(Exception):
    """Git cannot be run, takes too long, or refuses: the text says which, in a few words."""


def environment() -> Mapping[str, str]:
    """The variables of this process without those of git, in one language, and without a way to the network.

    The user's own configuration stays, as it says whose repositories are to be trusted.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {
        **kept,
        "LC_ALL": "C",
        "LANGUAGE": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        # Older versions do not know the variable above; of these, no protocol is allowed to fetch.
        "GIT_ALLOW_PROTOCOL": "none",
    }


def git_words(directory: Path, *words: str) -> list[str]:
    """A command of git as a list of arguments."""
    return ["git", "-C", str(directory), *_OPTIONS, *words]


def run_git(directory: Path, words: Sequence[str], stdin: str = "") -> str:
    """What git prints, with bytes that are no UTF-8 as surrogates.

    Raises :class:`GitFailure`.
    """
    try:
        done: subprocess.CompletedProcess[bytes] = record.run(
            git_words(directory, *words),
            input=stdin.encode("utf-8", "surrogateescape"),
            env=environment(),
            capture_output=True,
            check=False,
            timeout=TIME_LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        raise GitFailure(f"git does not answer within {TIME_LIMIT_S} seconds") from None
    except OSError as error:
        raise GitFailure(f"git cannot be run: {error.strerror}") from None
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise GitFailure(lines[0].removeprefix("fatal: ") if lines else f"git ended with exit code {done.returncode}")
    return done.stdout.decode("utf-8", "surrogateescape")
