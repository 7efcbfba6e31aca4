"""``CONTRIBUTING.md``, ``SECURITY.md`` and ``.pre-commit-config.yaml``: what they name is there, and what they show runs."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from optimizer.linting.rules import RULES
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[1]
PAGES = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("CONTRIBUTING.md", "SECURITY.md")}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
COMMANDS = [line for text in PAGES.values() for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]


def run(*argv: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False, timeout=PATIENCE_S)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_works(command: str) -> None:
    """Up to what takes minutes or writes files: targets are looked up, tests collected, modules imported."""
    words = shlex.split(command, comments=True)
    if words[0] == "make":
        argv = ["make", "--dry-run", *words[1:]]
    elif words[:3] == ["python", "-m", "pytest"]:
        argv = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *words[3:]]
    else:
        assert words[:2] == ["python", "-m"], "a command that this test does not know"
        argv = [sys.executable, "-c", f"import {words[2]}"]
    result = run(*argv)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_is_there(page: str) -> None:
    named = re.findall(r"`((?:\.?[\w-]+/)+[\w.-]+|\.?[\w-]+\.(?:md|toml|yaml|txt))`", PAGES[page])
    assert named
    # The environment is made, and a user's own file is elsewhere.
    missing = [path for path in named if not (ROOT / path).exists() and path not in (".venv/bin", "optimizer.toml")]
    assert missing == []
    assert set(re.findall(r"LIO\d{3}", PAGES[page])) <= {rule.id for rule in RULES}


class TestPreCommit:
    def test_runs_what_lint_runs(self) -> None:
        recipe = re.findall(r"^lint:.*\n((?:\t.+\n)+)", MAKEFILE, re.MULTILINE)[0]
        assert [hook["entry"].removeprefix(".venv/bin/") for hook in HOOKS] == [line.strip() for line in recipe.splitlines()]

    @pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
    def test_its_program_is_installed_and_takes_files_of_the_project(self, hook: dict[str, Any]) -> None:
        assert hook["language"] == "system" and not hook["pass_filenames"]
        program = Path(shlex.split(hook["entry"])[0]).name
        assert run(str(Path(sys.executable).parent / program), "--help").returncode == 0
        assert re.search(hook["files"], "optimizer/errors.py") and not re.search(hook["files"], "LICENSE")

    @pytest.mark.parametrize(("hook", "text"), [("ruff", "import os\n"), ("format", "x = {  }\n")])
    def test_finds_a_fault(self, hook: str, text: str, tmp_path: Path) -> None:
        (entry,) = (item["entry"] for item in HOOKS if item["id"] == hook)
        program, *words = shlex.split(entry)
        argv = [str(Path(sys.executable).parent / Path(program).name), *words]
        (tmp_path / "module.py").write_text("x = 1\n", encoding="utf-8")
        assert run(*argv, cwd=tmp_path).returncode == 0
        (tmp_path / "module.py").write_text(text, encoding="utf-8")
        assert run(*argv, cwd=tmp_path).returncode == 1
