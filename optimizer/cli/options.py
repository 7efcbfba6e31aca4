"""Options that several commands have."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

_NARROWEST, _WIDEST = 80, 160
_QUIET = "optimizer.cli.quiet"

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


def _be_quiet(context: click.Context, parameter: click.Parameter, given: bool) -> bool:
    if given:
        context.meta[_QUIET] = True
    return given


def quiet_option(
    help_text: str = "Say nothing of what is being done; warnings and errors stay.", *, expose: bool = False
) -> Callable[[_Command], _Command]:
    """``--quiet``, which :func:`is_quiet` tells; with ``expose`` the command gets it as ``quiet`` too."""
    return click.option("--quiet", "-q", is_flag=True, expose_value=expose, callback=_be_quiet, help=help_text)


def is_quiet() -> bool:
    """Whether the command that runs was called with ``--quiet``."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_QUIET))


def text_width() -> int:
    """The columns of the terminal, from 80 to 160; 80 where there is none, and what COLUMNS says where that is set."""
    return min(max(shutil.get_terminal_size((_NARROWEST, 24)).columns, _NARROWEST), _WIDEST)
