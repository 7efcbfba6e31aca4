"""The first page: what a reader meets before anything else."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from optimizer.cli.main import optimizer

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_is_short_enough_to_be_read() -> None:
    """Requirement: "README under 150 lines"."""
    assert len(README.splitlines()) < 150


def test_no_line_of_its_picture_is_cut_on_a_page_of_packages() -> None:
    (picture,) = re.findall(r"```\n(.*?)```", README, re.DOTALL)
    assert max(map(len, picture.splitlines())) <= 100


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/benchmarks.md", "docs/invoke.md", "docs/new.md"])
def test_links_lead_somewhere(page: str) -> None:
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not link.startswith(("https://", "#"))]
    assert links
    for link in links:
        path, _, anchor = link.partition("#")
        there = (ROOT / page).parent / path
        assert there.exists(), link
        if anchor:
            titles = re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}, link


def test_each_figure_has_its_benchmark() -> None:
    """Requirement: "every number has the benchmark that prints it"."""
    text = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    named = set(re.findall(r"python -m (benchmarks\.\w+)", text))
    assert len(named) > 8
    assert [name for name in named if importlib.util.find_spec(name) is None] == []
    for page, command in re.findall(r"\]\(([\w/.-]+)[^|]*\| `([^`]+)`", text):
        assert command in (ROOT / "docs" / page).read_text(encoding="utf-8"), (page, command)


def test_the_commands_of_the_first_project_are_those_that_it_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"    optimizer new shop\n((?:    .+\n)+)", README)
    printed = CliRunner().invoke(optimizer, ["new", "shop", "--no-pin"]).stdout
    steps = [line.removeprefix("next: ") for line in printed.splitlines() if line.startswith("next: ")]
    # What the wheel brought, and a registry that answered, made the others needless.
    assert [line.strip() for line in block.splitlines()] == [
        step for step in steps if step not in ("optimizer pin", "pip install -r requirements.txt")
    ]
