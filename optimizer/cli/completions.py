"""What shells propose for arguments and options.

A shell waits for the answer after each press of a key, so that nothing here
plans, asks a network, or says what is wrong: what cannot be read is proposed
nothing for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from optimizer.errors import OptimizerError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from optimizer.linting.rule import Rule


def known_rules() -> tuple[Rule, ...]:
    """The rules of this package, and those that the configuration of this directory brings, sorted by id."""
    # Imported here and below: only what is asked for is loaded.
    import datetime

    from optimizer.config.lookup import ConventionsLookup
    from optimizer.linting.rules import RULES

    lookup = ConventionsLookup(today=datetime.date.today(), rules=RULES)
    return lookup.for_path("Dockerfile").rules


def complete_rules(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of rules, with what each finds; of a list with commas, of its last word."""
    before, comma, last = incomplete.rpartition(",")
    try:
        rules = known_rules()
    except OptimizerError:
        return []
    return [_item(f"{before}{comma}{rule.id}", rule.name) for rule in rules if rule.id.startswith(last.upper())]


def complete_runtimes(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Runtimes of the catalogue that are supported."""
    from optimizer.bases.catalogue import base_image, runtimes

    return _items((name for name in runtimes() if base_image(name).status == "supported"), incomplete)


def complete_functions(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The functions of the synthesized app, or of the ``cdk.out`` here, that the call names."""
    from optimizer.adapters.assembly import load_functions

    # Arguments before an option without its value are in args, as the option ends the reading.
    named = [str(value) for value in (*context.params.values(), *context.args) if isinstance(value, (str, os.PathLike))]
    for directory in (*named, "cdk.out"):
        if os.path.isfile(os.path.join(directory, "manifest.json")):
            try:
                return _items((function.path for function in load_functions(directory)), incomplete)
            except OptimizerError:
                return []
    return []


def complete_files(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files and directories, which the shell itself knows."""
    return [_item(incomplete, kind="file")]


def _items(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [_item(word) for word in words if word.startswith(incomplete)]


def _item(value: str, text: str | None = None, kind: str = "plain") -> CompletionItem:
    # Imported here: the commands that only name these functions need none of it.
    from click.shell_completion import CompletionItem

    return CompletionItem(value, type=kind, help=text)
