"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., object])

_ROOT = click.option(
    "--root",
    type=click.Path(path_type=Path),
    help="Directory from which the spec's paths start.  [default: optimizer:root of cdk.json, root of optimizer.toml, or .]",
)
_LOCK = click.option(
    "--lock",
    type=click.Path(path_type=Path),
    help="The lock.  [default: optimizer:lock of cdk.json, lock of optimizer.toml, or optimizer.lock here or in the root]",
)
_MIRROR = click.option(
    "--mirror",
    metavar="HOST[/PREFIX]",
    help="Registry mirror of all images.  [default: optimizer:mirror of cdk.json, or mirror of optimizer.toml]",
)


def of_project(command: _Command) -> _Command:
    """``--root``, ``--lock`` and ``--mirror``, which stand in for the app's own settings."""
    return _ROOT(_LOCK(_MIRROR(command)))
