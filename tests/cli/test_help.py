"""What ``--help`` of each command shows."""

from __future__ import annotations

import re
import shlex

import click
import pytest
from click.testing import CliRunner

from optimizer.cli.main import optimizer

COMMANDS = [name for name in optimizer.list_commands(click.Context(optimizer)) if name != "lsp"]
"""``lsp`` is started by editors."""


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_are_calls_that_the_command_takes(name: str) -> None:
    """Requirement: "two or three examples in each `--help`"."""
    shown = CliRunner().invoke(optimizer, [name, "--help"]).stdout
    (block,) = re.findall(r"^  Examples:\n((?:    \S.*\n)+)", shown, re.MULTILINE)
    calls = [line.strip() for line in block.splitlines()]
    assert len(calls) >= 2
    command = optimizer.get_command(click.Context(optimizer), name)
    assert command is not None
    own = [call for call in calls if f"optimizer {name}" in call]
    assert own
    for call in own:
        words = shlex.split(call.partition(f"optimizer {name}")[2])
        if ">" in words:
            words = words[: words.index(">")]
        # Raises for what the command does not take; nothing is run.
        command.make_context(name, words)
