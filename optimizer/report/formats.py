"""The formats of a run of the rules, by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence

from optimizer.linting.report import LintReport
from optimizer.linting.rule import Rule
from optimizer.linting.rules import RULES

_MODULES = {"github": "github", "gitlab": "gitlab", "json": "lint", "junit": "junit", "sarif": "sarif", "text": "lint"}

NAMES = tuple(_MODULES)
"""Sorted."""


def lint_as(form: str, report: LintReport, *, rules: Sequence[Rule] = RULES, rule_pages: str = "") -> str:
    """The report in the format; equal reports give equal texts, with a line break at the end unless they are empty.

    ``rules`` are those that were run, and ``rule_pages`` is the address of
    their pages: formats that describe rules want them.
    """
    # Loaded by need: most runs write text.
    module = importlib.import_module(f"optimizer.report.{_MODULES[form]}")
    if form == "sarif":
        return str(module.lint_as_sarif(report, rules=rules, rule_pages=rule_pages))
    formatter: Callable[[LintReport], str] = getattr(module, f"lint_as_{form}")
    return formatter(report)
