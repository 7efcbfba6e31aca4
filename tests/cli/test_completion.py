"""``optimizer completion``: what shells propose."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from optimizer.cli.main import optimizer
from tests.cli.test_verify import write_app
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]


def proposed(*words: str) -> list[str]:
    """What is proposed for the last of the words."""
    complete = ShellComplete(optimizer, {}, "optimizer", "_OPTIMIZER_COMPLETE")
    return [item.value if item.type == "plain" else item.type for item in complete.get_completions(list(words[:-1]), words[-1])]


class TestProposals:
    def test_commands(self) -> None:
        assert proposed("in") == ["init", "inspect", "invoke"]
        assert "--version" in proposed("--")

    def test_options(self) -> None:
        assert {"--function", "--event", "--format"} <= set(proposed("invoke", "cdk.out", "--"))
        assert proposed("invoke", "--format", "") == ["text", "json"]

    def test_rules(self) -> None:
        assert proposed("explain", "LIO60")[0] == "LIO601"
        assert proposed("lint", "--select", "LIO1,lio602") == ["LIO1,LIO602"]

    def test_runtimes(self) -> None:
        assert "nodejs24.x" in proposed("new", "--runtime", "node")
        assert proposed("pin", "--image", "python3.13") == ["python3.13"]

    @pytest.mark.parametrize("command", ["build", "invoke", "verify"])
    def test_functions_of_an_app(self, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        write_app(tmp_path / "made", {"Api": {"directory": "asset.1"}, "Report": {"directory": "asset.2"}})
        assert proposed(command, "made", "--function", "") == ["Shop/Api", "Shop/Report"]
        assert proposed(command, "made", "--function", "Shop/R") == ["Shop/Report"]
        # What is not there, or not whole, is no error at a prompt.
        assert proposed(command, "gone", "--function", "") == []
        (tmp_path / "made" / "manifest.json").write_text("{")
        assert proposed(command, "made", "--function", "") == []

    def test_files(self) -> None:
        assert proposed("invoke", "c") == ["file"]
        assert proposed("plan", "c") == ["file"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell(shell: str, tmp_path: Path) -> None:
    script = CliRunner().invoke(optimizer, ["completion", shell]).stdout
    assert f"_OPTIMIZER_COMPLETE={shell}_complete" in script
    if program := shutil.which(shell):
        (tmp_path / "script").write_text(script)
        subprocess.run([program, "-n", str(tmp_path / "script")], check=True, timeout=PATIENCE_S)


def test_bash_completes_by_it(tmp_path: Path) -> None:
    (tmp_path / "optimizer").write_text(f'#!/bin/sh\nexec {sys.executable} -m optimizer "$@"\n')
    (tmp_path / "optimizer").chmod(0o755)
    (tmp_path / "script").write_text(CliRunner().invoke(optimizer, ["completion", "bash"]).stdout)
    press = 'source script; COMP_WORDS=(optimizer completion z); COMP_CWORD=2; _optimizer_completion optimizer; echo "${COMPREPLY[@]}"'
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    result = subprocess.run(
        ["bash", "-c", press], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    assert result.stdout == "zsh\n", result.stderr


def test_a_press_of_a_key_loads_little() -> None:
    """A shell waits for it."""
    program = (
        "import sys; from click.shell_completion import ShellComplete; from optimizer.cli.main import optimizer;"
        "ShellComplete(optimizer, {}, 'optimizer', 'X').get_completions([], 'p');"
        "print([name for name in sys.modules if name.startswith('optimizer.cli.') and name != 'optimizer.cli.main'])"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    # What the group itself needs is no command.
    assert {f"optimizer.cli.{name}" for name in optimizer.list_commands(click.Context(optimizer))} & set(
        json.loads(result.stdout.replace("'", '"'))
    ) == set()


def test_the_group_knows_all_commands() -> None:
    context = click.Context(optimizer)
    names = optimizer.list_commands(context)
    assert {"completion", "explain", "invoke", "new"} <= set(names)
    assert proposed("") == names
