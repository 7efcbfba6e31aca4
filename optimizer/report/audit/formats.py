"""The forms of an audit, by name."""

from __future__ import annotations

from optimizer.audit.audit import Audit
from optimizer.linting.report import LintReport
from optimizer.report.audit.data import audit_as_json
from optimizer.report.audit.html import audit_as_html
from optimizer.report.audit.tables import audit_as_csv
from optimizer.report.audit.text import audit_as_text
from optimizer.report.style import NARROW

NAMES = ("text", "json", "csv", "html")


def audit_as(form: str, audit: Audit, report: LintReport, table: str, width: int = NARROW) -> str:
    """The audit in a form; ``table`` is the one that CSV holds, and text has so many columns."""
    if form == "text":
        return audit_as_text(audit, report, width)
    if form == "csv":
        return audit_as_csv(audit, table)
    return {"json": audit_as_json, "html": audit_as_html}[form](audit, report)
