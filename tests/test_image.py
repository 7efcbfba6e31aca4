"""The Dockerfile of the command line: pinned, linted by our own rules and by hadolint, and of nothing but the package."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import optimizer
from optimizer.dockerfile.parse import parse
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_no_rule_of_ours_is_broken() -> None:
    report = optimizer.lint([str(ROOT / "Dockerfile")])
    assert not report.failing
    assert {item.rule for item in report.findings} == {"LIO109", "LIO405", "LIO406", "LIO407"}, "all of them are infos"


def test_hadolint_finds_nothing() -> None:
    argv = [str(Path(sys.executable).parent / "hadolint"), "--format", "json", str(ROOT / "Dockerfile")]
    result = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert json.loads(result.stdout) == []
    assert result.returncode == 0


def test_every_stage_stands_on_one_pinned_base() -> None:
    assert re.findall(r"^ARG PYTHON=(\S+)$", TEXT, re.MULTILINE)[0].count("@sha256:") == 1
    assert set(re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE)) == {"$PYTHON", "command-line"}


def test_the_user_is_not_root_and_a_shell_can_be_started() -> None:
    stages = parse(TEXT).stages
    users = {stage.name: [item.words[0].text for item in stage.instructions if item.keyword == "USER"] for stage in stages}
    assert (users["command-line"][-1], users["docker"][-1]) == ("1000", "1000")
    assert not [item for stage in stages for item in stage.instructions if item.keyword == "ENTRYPOINT"]


def test_the_context_has_what_is_copied_and_no_more() -> None:
    (copied,) = re.findall(r"^COPY (requirements.+) \./$", TEXT, re.MULTILINE)
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")]
    assert sorted([*copied.split(), "optimizer"]) == sorted(let_in)
    assert all((ROOT / name).exists() for name in let_in)
