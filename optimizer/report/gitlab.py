"""Code quality reports of GitLab.

Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from optimizer.lint.engine import LintReport
from optimizer.lint.finding import Finding, Severity
from optimizer.report.fingerprints import with_fingerprints
from optimizer.report.places import constructs

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def lint_as_gitlab(report: LintReport) -> str:
    """A list of findings; of equal fingerprints GitLab shows only one, so each has its own."""
    return json.dumps([_issue(finding, mark) for finding, mark in with_fingerprints(report.findings)], indent=2, ensure_ascii=False) + "\n"


def _issue(finding: Finding, mark: str) -> dict[str, Any]:
    location = finding.location
    lines = {"begin": location.span.start.line, "end": location.span.end.line} if location.span else {"begin": 1}
    named = f"{constructs(finding)}: " if location.construct else ""
    return {
        # A finding has one location in this format, and so its other constructs stand in the text.
        "description": f"{named}{finding.message} (fix: {finding.hint})",
        "check_name": f"{finding.rule} {finding.name}",
        "fingerprint": hashlib.sha256(mark.encode("ascii")).hexdigest(),
        "severity": _SEVERITIES[finding.severity],
        # A path is required; what stands in no file is shown under its construct.
        "location": {"path": (location.path or location.construct).removeprefix("./"), "lines": lines},
    }
