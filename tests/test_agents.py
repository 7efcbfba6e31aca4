"""``docs/agents.md``: it ships with the wheel, and what it names exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from optimizer.cli.main import optimizer
from tests.write_pages import AGENTS

PAGE = AGENTS.read_text(encoding="utf-8")
DOCS = Path(__file__).parents[1] / "docs"
COMMANDS = sorted({text for text in re.findall(r"`(optimizer [^`]+)`", PAGE)})


def test_the_page_is_that_of_the_wheel() -> None:
    assert (DOCS / "agents.md").read_text(encoding="utf-8") == PAGE, "run: python -m tests.write_pages"


@pytest.mark.parametrize("text", COMMANDS)
def test_a_command_is_taken_as_it_stands(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = shlex.split(text)[1:]
    command = optimizer.get_command(click.Context(optimizer), words[0])
    assert command is not None, words
    monkeypatch.chdir(tmp_path)
    for place in ("cdk.out", "OLD", "NEW"):
        (tmp_path / place).mkdir()
    try:
        command.make_context(words[0], words[1:])
    except click.MissingParameter:
        assert len(words) == 1, "only the name of a command may stand alone"


def test_it_is_short() -> None:
    """Requirement: "a short `docs/agents.md`"."""
    assert len(PAGE.splitlines()) < 60
