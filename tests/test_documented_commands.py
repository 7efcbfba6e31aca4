"""The commands of this project in the documentation: each is there, and takes the options that it is shown with."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from optimizer.cli.main import optimizer

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^ *```(?:sh|console)\n(.*?)^ *```|((?:^ {4}\S.*\n)+)", re.DOTALL | re.MULTILINE)


def calls() -> list[tuple[str, str]]:
    """Each line of a block that calls the command, with its page."""
    found = []
    for page in PAGES:
        for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
            joined = (block[1] or block[2]).replace("\\\n", " ")
            lines = [line.strip().removeprefix("$ ") for line in joined.splitlines()]
            found += [(page.relative_to(ROOT).as_posix(), line) for line in lines if re.match(r"(?:[A-Z_]+=\S+ )*optimizer [a-z]", line)]
    return found


@pytest.mark.parametrize(("page", "line"), sorted(set(calls())))
def test_a_command_takes_what_it_is_shown_with(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    name, *words = words[words.index("optimizer") + 1 :]
    # What follows belongs to a shell.
    words = words[: next((place for place, word in enumerate(words) if word in ("|", ">", "||", "&&", ">>", ";")), len(words))]
    command = optimizer.get_command(click.Context(optimizer), name)
    assert command is not None, page
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known, page


def test_many_are_found() -> None:
    assert len({line.split("optimizer ")[1].split()[0] for _, line in calls()}) > 12
