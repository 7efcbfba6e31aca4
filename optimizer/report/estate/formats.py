"""The forms of the report of an estate, by name."""

from __future__ import annotations

from optimizer.estate.estate import Estate
from optimizer.report.estate.data import estate_as_json, function_row
from optimizer.report.estate.html import estate_as_html
from optimizer.report.estate.text import estate_as_text
from optimizer.report.rows import csv_of_rows
from optimizer.report.style import NARROW

NAMES = ("text", "json", "csv", "html")


def estate_as(form: str, estate: Estate, width: int = NARROW) -> str:
    """The report in a form; CSV has the functions, and text so many columns."""
    if form == "text":
        return estate_as_text(estate, width)
    if form == "csv":
        return csv_of_rows(map(function_row, estate.functions))
    return {"json": estate_as_json, "html": estate_as_html}[form](estate)
