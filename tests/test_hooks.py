"""``.pre-commit-hooks.yaml`` and ``action.yml``: what they run, run here as their hosts run it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from optimizer.adapters.dockerfiles import is_dockerfile
from optimizer.cli.main import optimizer
from optimizer.version import VERSION
from tests.cli.test_lint import BAD, GOOD

ROOT = Path(__file__).parents[1]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
NAMES = ["Dockerfile", "Dockerfile.api", "api.Dockerfile", "dockerfile", "Containerfile", "Containerfile.x", "x.containerfile",
         "Dockerfile.dockerignore", "Dockerfile~", "Dockerfile.orig", "MyDockerfile", "Dockerfiles", "dockerfile.py/x", "README.md", "Dockerfile.a.b"]  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for path, text in {"api/Dockerfile": BAD, "ok/Dockerfile": GOOD}.items():
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


class TestPreCommit:
    @pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
    @pytest.mark.parametrize("name", NAMES)
    def test_takes_the_files_that_lint_takes(self, hook: dict[str, Any], name: str) -> None:
        for path in (name, f"services/api/{name}"):
            taken = bool(re.search(hook["files"], path)) and not re.search(hook["exclude"], path)
            assert taken is is_dockerfile(name.rpartition("/")[2]), path

    @pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
    def test_runs(self, hook: dict[str, Any], tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tree)
        program, *words = shlex.split(hook["entry"])
        assert (program, hook["language"]) == ("optimizer", "python")
        assert CliRunner().invoke(optimizer, [*words, "ok/Dockerfile"]).exit_code == 0
        assert CliRunner().invoke(optimizer, [*words, "ok/Dockerfile", "api/Dockerfile"]).exit_code == 1

    @pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
    def test_a_program_that_fixes_name_is_one_that_the_user_can_have(
        self, hook: dict[str, Any], tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Requirement: "the pre-commit hook's hints name a program that its user does not have"."""
        monkeypatch.chdir(tree)
        words = shlex.split(hook["entry"])[1:]
        note = f"pip install lambda-image-optimizer=={VERSION}"
        by_hand = CliRunner().invoke(optimizer, [*words, "api/Dockerfile"])
        assert "optimizer pin --image public.ecr.aws/lambda/python:3.13" in by_hand.output
        assert note not in by_hand.output
        monkeypatch.setenv("PRE_COMMIT", "1")
        assert note in CliRunner().invoke(optimizer, [*words, "api/Dockerfile"]).output
        assert note not in CliRunner().invoke(optimizer, [*words, "ok/Dockerfile"]).output


class TestAction:
    @pytest.fixture
    def installed(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """What the first step makes, of the optimizer that is tested."""
        home = tmp_path_factory.mktemp("runner")
        program = home / "optimizer" / "bin" / "optimizer"
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m optimizer "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        return home

    def check(self, tree: Path, home: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
        step = next(step for step in ACTION["runs"]["steps"] if step["name"] == "Check")
        names = {variable: re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", text)[1] for variable, text in step["env"].items()}  # type: ignore[index]
        values = {name: str(item["default"]) for name, item in ACTION["inputs"].items()} | {
            name.replace("_", "-"): value for name, value in inputs.items()
        }
        used = {text for step in ACTION["runs"]["steps"] for text in step["env"].values()}
        assert {f"${{{{ inputs.{name} }}}}" for name in values} <= used, "an input is not used"
        environment = {variable: values[name] for variable, name in names.items()}
        return subprocess.run(
            # As GitHub's runner starts bash.
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=tree,
            env={"PATH": os.environ["PATH"], "RUNNER_TEMP": str(home), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def test_annotates_and_fails(self, tree: Path, installed: Path) -> None:
        result = self.check(tree, installed)
        assert result.returncode == 1
        assert result.stdout.startswith("::warning file=api/Dockerfile,line=1,")
        assert self.check(tree, installed, paths="ok").returncode == 0

    def test_writes_sarif_too(self, tree: Path, installed: Path) -> None:
        result = self.check(tree, installed, paths="api ok", sarif="out.sarif", fail_on="error")
        assert result.returncode == 1
        assert '"ruleId": "LIO603"' in (tree / "out.sarif").read_text(encoding="utf-8")

    def test_ends_with_the_error_of_wrong_use(self, tree: Path, installed: Path) -> None:
        result = self.check(tree, installed, config="nowhere.toml", sarif="out.sarif")
        assert (result.returncode, result.stderr.count("does not exist")) == (2, 1)

    def test_inputs_are_no_program(self, tree: Path, installed: Path) -> None:
        result = self.check(tree, installed, paths="ok $(touch pwned) ; touch pwned", config="$(touch pwned)")
        assert result.returncode == 2
        assert not (tree / "pwned").exists()
        assert all("${{" not in step["run"] for step in ACTION["runs"]["steps"])
