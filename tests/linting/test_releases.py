"""Rules by their releases: a newer one is named, and not run."""

from __future__ import annotations

import datetime
import importlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

import optimizer.rules
from optimizer.checking.collect import BuiltImages
from optimizer.checking.run import Run
from optimizer.errors import ConfigurationError
from optimizer.linting.conventions import Conventions
from optimizer.linting.report import LintReport
from optimizer.linting.rule import Rule, newer_rules, rules_of
from optimizer.linting.rules import RULES
from optimizer.report.lint import lint_as_json, lint_as_text

DAY = datetime.date(2026, 11, 29)
UNPINNED = next(rule for rule in RULES if rule.id == "LIO102")
NEW = replace(UNPINNED, id="LIO199", name="new-rule", since="0.2.0")
OWN = replace(UNPINNED, id="ACME199", name="own-rule", since="3.1.0")
KNOWN = (OWN, UNPINNED, NEW)


def ids(rules: tuple[Rule, ...]) -> list[str]:
    return [rule.id for rule in rules]


@pytest.mark.parametrize(
    ("values", "run", "newer"),
    [
        ({}, ["ACME199", "LIO102", "LIO199"], []),
        ({"rules_up_to": "0.2"}, ["ACME199", "LIO102", "LIO199"], []),
        ({"rules_up_to": "0.10"}, ["ACME199", "LIO102", "LIO199"], []),
        ({"rules_up_to": "0.1"}, ["ACME199", "LIO102"], ["LIO199"]),
        ({"rules_up_to": "0.0"}, ["ACME199"], ["LIO102", "LIO199"]),
        ({"rules_up_to": "0.1", "select": ("LIO1",)}, ["LIO102"], ["LIO199"]),
        ({"rules_up_to": "0.1", "select": ("LIO199",)}, ["LIO199"], []),
        ({"rules_up_to": "0.1", "select": ("LIO1", "new-rule")}, ["LIO102", "LIO199"], []),
        ({"rules_up_to": "0.1", "ignore": ("LIO199",)}, ["ACME199", "LIO102"], []),
    ],
)
def test_rules_after_the_release_are_not_run(values: dict[str, object], run: list[str], newer: list[str]) -> None:
    conventions = Conventions(today=DAY, **values)  # type: ignore[arg-type]
    assert ids(rules_of(conventions, KNOWN)) == run
    assert ids(newer_rules(conventions, KNOWN)) == newer


def check(root: Path) -> LintReport:
    return Run([str(root)], BuiltImages(), root=root, known=KNOWN, today=DAY).check()


def test_what_is_not_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM public.ecr.aws/lambda/python:3.13\n")
    assert check(tmp_path).newer == ()
    (tmp_path / "optimizer.toml").write_text('[conventions]\nrules_up_to = "0.1"\n')
    report = check(tmp_path)
    assert {finding.rule for finding in report.findings} == {"ACME199", "LIO102"}
    assert "1 newer rule not run (LIO199)" in lint_as_text(report)
    assert json.loads(lint_as_json(report))["newer_rules"] == ["LIO199"]


def test_a_release_is_two_numbers(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\n")
    (tmp_path / "optimizer.toml").write_text('[conventions]\nrules_up_to = "0.1.0"\n')
    with pytest.raises(ConfigurationError, match="major and minor number, such as 0.2"):
        check(tmp_path)


def test_a_company_s_package_imports_what_is_meant_for_it() -> None:
    example = Path(__file__).parents[2] / "docs" / "company-conventions" / "acme_lambda" / "rules.py"
    modules = re.findall(r"^from (optimizer\S*) import", example.read_text(encoding="utf-8"), re.MULTILINE)
    assert modules == ["optimizer.rules"]
    module = importlib.import_module("optimizer.rules")
    assert sorted(optimizer.rules.__all__) == sorted(name for name in vars(module) if not name.startswith("_") and name != "annotations")
