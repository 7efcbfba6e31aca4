"""The tables of an audit as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from optimizer.audit.audit import Audit
from optimizer.report.audit.data import function_row, repository_rows, unused_rows, version_row
from optimizer.report.rows import csv_of_rows

NAMES = ("functions", "versions", "repositories", "unused")


def audit_as_csv(audit: Audit, name: str) -> str:
    """One of the tables, with a header; empty where it has no rows."""
    rows: Iterable[Mapping[str, Any]]
    if name == "functions":
        rows = map(function_row, audit.functions)
    elif name == "versions":
        rows = (version_row(item) for function in audit.functions for item in function.versions)
    else:
        rows = repository_rows(audit) if name == "repositories" else unused_rows(audit)
    return csv_of_rows(rows)
