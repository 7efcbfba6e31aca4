"""What a terminal of each kind gets of a report: width, colour and links; and that files and pipes get none of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from optimizer.cli import screen
from tests.cli.terminal import Program

ROOT = Path(__file__).parents[2]
BASE = "public.ecr.aws/lambda/python:3.13"
LINKS = ["https://rules.example/LIO102.md", "https://rules.example/LIO602.md"]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose company has pages of rules, with a path that is almost as long as a line."""
    path = tmp_path / "services" / "the-service-that-makes-invoices-of-orders" / "Dockerfile"
    path.parent.mkdir(parents=True)
    path.write_text(f'FROM {BASE}\nUSER 1000\nCMD ["app.handler"]\n', encoding="utf-8")
    (tmp_path / "optimizer.toml").write_text('[conventions]\nrule_pages = "https://rules.example/"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def environment(**more: str) -> dict[str, str]:
    """A terminal with links, on a person's machine."""
    own = (
        "NO_COLOR",
        "FORCE_COLOR",
        "FORCE_HYPERLINK",
        "CI",
        "COLUMNS",
        "LINES",
        "PRE_COMMIT",
        "VTE_VERSION",
        "KONSOLE_VERSION",
        "WT_SESSION",
    )
    rest = {name: value for name, value in os.environ.items() if name not in own}
    return {**rest, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm", **more}


def shown(*arguments: str, width: int = 80, **variables: str) -> Program:
    program = Program([sys.executable, "-m", "optimizer", *arguments], environment(**variables), width=width, whole=True)
    program.end()
    return program


LINT = ("lint", ".", "--quiet", "--select", "LIO102,LIO602")


@pytest.mark.parametrize("width", [80, 160])
def test_findings_on_a_terminal(width: int) -> None:
    """Requirement: "on 80 and 160 columns", "links in terminals that have them"."""
    program = shown(*LINT, width=width)
    assert program.screen.colours > 0
    assert program.screen.links == LINKS
    written = re.sub(r"\x1b(\[[\d;]*m|\]8;;[^\x1b]*\x1b\\)", "", program.raw).splitlines()
    # The terminal has to wrap none.
    assert max(map(len, written)) <= width and len(written) == len(program.screen.lines) - 1
    assert ('  warning LIO602 user-set: the image sets the user "1000"' in written) is (width == 80)
    assert [line for line in program.screen.lines if line][-1] == "1 checked; 0 error, 2 warning, 0 info"


@pytest.mark.parametrize(
    ("variables", "colour", "links"),
    [
        ({"NO_COLOR": "1"}, False, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, True),
        ({"TERM": "dumb"}, False, False),
        ({"CI": "true"}, True, False),
        ({"TERM_PROGRAM": "Apple_Terminal"}, True, False),
        ({"TERM_PROGRAM": "", "VTE_VERSION": "7600"}, True, True),
        ({"TERM_PROGRAM": "tmux", "TERM": "screen-256color", "VTE_VERSION": "7600"}, True, False),
    ],
)
def test_a_terminal_gets_what_it_has(variables: dict[str, str], colour: bool, links: bool) -> None:
    """Requirement: "NO_COLOR, TERM=dumb, CI handled"."""
    program = shown(*LINT, **variables)
    assert bool(program.screen.colours) is colour
    assert bool(program.screen.links) is links


def test_a_digest_that_fix_writes_is_short_on_a_terminal_alone(project: Path) -> None:
    """Requirement: "digests of 12"."""
    digest = f"sha256:{'0123456789ab' * 5}cdef"
    pin = f'reference = "{BASE}"\ndigest = "{digest}"\nresolved = 2026-11-24\nkind = "manifest"\nplatforms = {{ amd64 = "{digest}" }}\n'
    (project / "optimizer.lock").write_text(f"version = 1\n\n[[image]]\n{pin}", encoding="utf-8")
    program = shown(*LINT)
    assert any("python:3.13@sha256:0123456789ab…," in line for line in program.screen.lines), program.screen.lines
    argv = [sys.executable, "-m", "optimizer", *LINT]
    assert digest in subprocess.run(argv, env=environment(), capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("form", ["json", "sarif", "github"])
def test_formats_for_programs_are_the_same_on_a_terminal(form: str) -> None:
    """Requirement: "only on a terminal, never in files"."""
    program = shown(*LINT, "--format", form, width=400)
    assert program.screen.colours == 0 and program.screen.links == []


def test_files_and_pipes_get_whole_sentences_and_nothing_else() -> None:
    """Requirement: "only on a terminal, never in files"."""
    argv = [sys.executable, "-m", "optimizer", *LINT]
    out = subprocess.run(argv, env=environment(COLUMNS="80"), capture_output=True, text=True, check=False).stdout
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) > 80
    forced = subprocess.run(argv, env=environment(FORCE_COLOR="1"), capture_output=True, text=True, check=False).stdout
    assert "\x1b[33mwarning\x1b[0m" in forced and "\x1b]" not in forced


def test_the_page_of_a_rule_is_a_link_where_there_are_links() -> None:
    """Requirement: "rule codes of lint and explain to the page of the rule where rule_pages is set"."""
    program = shown("explain", "LIO602")
    assert program.screen.links == LINKS[1:]
    assert program.screen.lines[0] == "# LIO602: user-set"
    assert not any(LINKS[1] in line for line in program.screen.lines)
    plain = subprocess.run(
        [sys.executable, "-m", "optimizer", "explain", "LIO602"], env=environment(), capture_output=True, text=True, check=True
    ).stdout
    assert plain.endswith(f"\n{LINKS[1]}\n") and "\x1b" not in plain
    argv = [sys.executable, "-m", "optimizer", "explain", "LIO602", "--format", "json"]
    data = json.loads(subprocess.run(argv, env=environment(), capture_output=True, text=True, check=True).stdout)
    assert data[0]["page"] == LINKS[1]


def test_blocks_only_where_the_encoding_has_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for encoding, blocks in (("utf-8", True), ("latin-1", False), ("ascii", False)):
        with (tmp_path / encoding).open("w", encoding=encoding) as stream:
            assert screen.style_of(stream).blocks is blocks
