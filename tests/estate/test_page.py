"""``docs/report.md``: its commands run, and its table names every key."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from optimizer.cli.main import optimizer
from tests.estate.generated import write_estate

PAGE = (Path(__file__).parents[2] / "docs" / "report.md").read_text(encoding="utf-8")


def test_the_commands_run_one_after_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_estate(tmp_path / "repositories", repositories=2, functions=2)
    paths = ["repositories/team-00", "repositories/team-01"]
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines():
        program, *words = shlex.split(line)
        assert program == "optimizer"
        argv = [word for given in words for word in (paths if given == "repositories/*" else [given])]
        result = CliRunner().invoke(optimizer, argv)
        assert result.exit_code == 0, (line, result.output, result.exception)
    data = json.loads(Path("last.json").read_text())
    rows = [row for value in data.values() if isinstance(value, list) for row in value]
    keys = {key for mapping in (data, *rows) for key in mapping}
    assert {key for key in keys if f"`{key}`" not in PAGE} == set()
    assert Path("estate.html").read_text().startswith("<!DOCTYPE html>")
