"""What is said besides where pre-commit runs a command."""

from __future__ import annotations

import os
from collections.abc import Iterable

import click

from optimizer.version import VERSION

_NOTE = (
    "note: pre-commit keeps optimizer in an environment of its own; to run the commands that a fix names, install the same version: "
    f"pip install lambda-image-optimizer=={VERSION}"
)


def note_in_hook(hints: Iterable[str]) -> None:
    """In a hook of pre-commit, say on standard error how to get the program, if one of the hints names a command of it.

    pre-commit sets PRE_COMMIT for its hooks: https://pre-commit.com/#pre-commit-environment-variables
    """
    if os.environ.get("PRE_COMMIT") and any("optimizer " in hint for hint in hints):
        click.echo(_NOTE, err=True)
