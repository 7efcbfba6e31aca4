"""``optimizer explain``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from optimizer.cli.main import optimizer
from optimizer.errors import ConfigurationError
from optimizer.linting.rules import RULES

PAGES = Path(__file__).parents[2] / "docs" / "rules"


def explain(*arguments: str) -> Result:
    return CliRunner().invoke(optimizer, ["explain", *arguments])


@pytest.mark.parametrize("word", ["LIO401", "lio401", "install-without-lock"])
def test_the_page_of_a_rule(word: str) -> None:
    assert explain(word).stdout == (PAGES / "LIO401.md").read_text(encoding="utf-8")


def test_every_rule_is_known_by_id_and_name() -> None:
    result = explain("--format", "json", *(rule.id for rule in RULES), *(rule.name for rule in RULES))
    assert [item["id"] for item in json.loads(result.stdout)] == [rule.id for rule in RULES] * 2


def test_a_rule_as_data() -> None:
    (said,) = json.loads(explain("LIO401", "--format", "json").stdout)
    assert (said["name"], said["severity"], said["family"], said["applies_to"]) == (
        "install-without-lock",
        "warning",
        "reproducibility",
        ["dockerfile"],
    )
    assert said["why"] and said["fix"] and said["bad"] != said["good"] and said["page"] is None


def test_unknown_rules_are_told_at_once() -> None:
    error = explain("LO401", "user-st", "nothing").exception
    assert isinstance(error, ConfigurationError)
    assert str(error) == (
        'RULE: no rule "LO401"\n  hint: did you mean "LIO401"?\n'
        'RULE: no rule "user-st"\n  hint: did you mean "user-set"?\n'
        'RULE: no rule "nothing"\n  hint: optimizer lint names the id of each finding'
    )
