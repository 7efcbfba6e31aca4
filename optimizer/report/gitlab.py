"""Code quality reports of GitLab.

Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from optimizer.linting.finding import Finding, Location, Severity
from optimizer.linting.report import LintReport
from optimizer.report.fingerprints import with_fingerprints
from optimizer.report.inconclusive import INCONCLUSIVE, InconclusiveGroup, grouped
from optimizer.report.places import constructs

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def lint_as_gitlab(report: LintReport) -> str:
    """A list of findings, and of reasons why something is inconclusive; of equal fingerprints GitLab shows only one, so each has its own."""
    issues = [_issue(finding, mark) for finding, mark in with_fingerprints(report.findings)]
    issues += map(_note, grouped(report.inconclusive))
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"


def _issue(finding: Finding, mark: str) -> dict[str, Any]:
    location = finding.location
    named = f"{constructs(finding)}: " if location.construct else ""
    return {
        # A finding has one location in this format, and so its other constructs stand in the text.
        "description": f"{named}{finding.message} (fix: {finding.hint})",
        "check_name": f"{finding.rule} {finding.name}",
        "fingerprint": hashlib.sha256(mark.encode("ascii")).hexdigest(),
        "severity": _SEVERITIES[finding.severity],
        "location": _location(location),
    }


def _note(group: InconclusiveGroup) -> dict[str, Any]:
    first = group.places[0]
    named = f"{first.construct}: " if first.construct else ""
    also = f" (and: {group.elsewhere})" if group.elsewhere else ""
    mark = "\0".join((INCONCLUSIVE, group.ids, group.reason, first.path, first.construct))
    return {
        "description": f"{INCONCLUSIVE}: {named}{group.reason}{also}",
        "check_name": group.title,
        "fingerprint": hashlib.sha256(mark.encode("utf-8", "surrogateescape")).hexdigest(),
        "severity": "info",
        "location": _location(first),
    }


def _location(location: Location) -> dict[str, Any]:
    lines = {"begin": location.span.start.line, "end": location.span.end.line} if location.span else {"begin": 1}
    # A path is required; what stands in no file is shown under its construct.
    return {"path": (location.path or location.construct).removeprefix("./"), "lines": lines}
