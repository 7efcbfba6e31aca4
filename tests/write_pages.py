"""Writes the pages that are made from the code: ``python -m tests.write_pages``."""

from __future__ import annotations

from pathlib import Path

import optimizer
from maintenance.interface import interface_page
from optimizer.config.page import configuration_page
from optimizer.linting.rules import RULES
from optimizer.report.features import features_page
from optimizer.report.rules import index_page, rule_page
from optimizer.report.specification import specification_page
from optimizer.report.tools import tools_page

AGENTS = Path(optimizer.__file__).with_name("agents.md")

if __name__ == "__main__":
    docs = Path(__file__).parents[1] / "docs"
    docs.joinpath("specification.md").write_text(specification_page(), encoding="utf-8")
    docs.joinpath("configuration.md").write_text(configuration_page(RULES), encoding="utf-8")
    docs.joinpath("tools.md").write_text(tools_page(), encoding="utf-8")
    docs.joinpath("lambda-features.md").write_text(features_page(), encoding="utf-8")
    docs.joinpath("interface.md").write_text(interface_page(), encoding="utf-8")
    # It is in the wheel, and a page beside the others, whose links are from there.
    docs.joinpath("agents.md").write_text(AGENTS.read_text(encoding="utf-8"), encoding="utf-8")
    pages = docs / "rules"
    pages.mkdir(exist_ok=True)
    pages.joinpath("README.md").write_text(index_page(RULES), encoding="utf-8")
    for rule in RULES:
        pages.joinpath(f"{rule.id}.md").write_text(rule_page(rule), encoding="utf-8")
