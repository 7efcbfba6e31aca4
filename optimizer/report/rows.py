"""Rows of tables for programs: JSON with a line for each, and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def json_of_rows(data: Mapping[str, Any]) -> str:
    """JSON in which each row of a list of the top level stands on a line of its own, so that files can be compared."""
    members = (f"{json.dumps(key)}: {_member(value)}" for key, value in data.items())
    return "{\n" + ",\n".join(members) + "\n}\n"


def _member(value: Any) -> str:
    if not isinstance(value, list) or not value:
        return json.dumps(value, ensure_ascii=False)
    return "[\n  " + ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in value) + "\n]"


def csv_of_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    """CSV with a header, of rows with the same keys; empty where there are no rows."""
    text = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(text, fieldnames=list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow({key: _cell(value) for key, value in row.items()})
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        value = " ".join(map(str, value))
    # Names are anyone's text, and a spreadsheet would run it: https://owasp.org/www-community/attacks/CSV_Injection
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) and not value[1:2].isdigit() else value
