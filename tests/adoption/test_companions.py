"""Files beside the specs: nothing that is in them changes.

Requirement: "`.gitignore` additions as text edits (append only what is missing)".
"""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.adoption.companions import configuration, ignore_file, ignores

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@given(st.text(alphabet="ab/*.\n\r#", max_size=40))
def test_an_ignore_file_keeps_every_line(text: str) -> None:
    added = ignore_file(".gitignore", text, ["cdk.out"], "tools write there")
    assert added.after.startswith(text)
    assert ignores(added.after, "cdk.out")


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("cdk.out", True),
        ("/cdk.out/\n", True),
        ("**/cdk.out", True),
        ("*\n", True),
        ("cdk.outs", False),
        ("# cdk.out", False),
        ("!cdk.out", False),
    ],
)
def test_lines_that_ignore_a_directory(text: str, covered: bool) -> None:
    assert ignores(text, "cdk.out") is covered


@pytest.mark.parametrize(
    "text", ["[tool.ruff]\n", '[project]\nname = "x"', "[tool]\n[tool.uv]\npackage = false\n", "a = 1\r\n[tool.x]\r\nb = 2\r\n"]
)
def test_settings_in_a_pyproject_change_nothing_else(text: str) -> None:
    added = configuration("pyproject.toml", text, "arm64")
    assert added is not None and added.after.startswith(text)
    before, after = tomllib.loads(text), tomllib.loads(added.after)
    assert after["tool"].pop("optimizer") == {"defaults": {"architecture": "arm64"}}
    assert after == {"tool": {}, **before}


@pytest.mark.parametrize("text", ["damaged [", "tool = 1\n", "tool = {ruff = {a = 1}}\n"])
def test_a_text_that_takes_no_table_is_left_alone(text: str) -> None:
    assert configuration("pyproject.toml", text, "arm64") is None
