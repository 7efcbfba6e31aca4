"""``--format json`` of the commands that ask an account, which programs read.

Requirement: "every command's JSON documented and stable".
"""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from optimizer.cli.main import optimizer
from tests.audit.account import Account
from tests.audit.test_command import fill
from tests.json_shapes import hold


@pytest.mark.parametrize("words", ["audit", "clean shop"])
def test_its_keys_stay(words: str, account: Account, request: pytest.FixtureRequest) -> None:
    fill(account)
    name = words.partition(" ")[0]
    result = CliRunner().invoke(optimizer, [*words.split(), "--format", "json"], catch_exceptions=False)
    assert result.exit_code in (0, 1), result.output
    hold(name, json.loads(result.stdout), f"{name}.md", request)
