"""Writes the pages that are made from the code: ``python -m tests.write_pages``."""

from __future__ import annotations

from pathlib import Path

from optimizer.report.specification import specification_page

if __name__ == "__main__":
    Path(__file__).parents[1].joinpath("docs", "specification.md").write_text(specification_page(), encoding="utf-8")
