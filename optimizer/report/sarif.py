"""SARIF 2.1.0, which code scanning and editors read.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from optimizer.dockerfile.instruction import Position, Span
from optimizer.linting.finding import Finding, Fix, InconclusiveCheck, Location, Severity
from optimizer.linting.report import LintReport
from optimizer.linting.rule import Rule
from optimizer.linting.rules import RULES
from optimizer.report.fingerprints import with_fingerprints
from optimizer.report.inconclusive import INCONCLUSIVE
from optimizer.report.rules import rule_page
from optimizer.version import VERSION

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_FINGERPRINT = "optimizerFinding/v1"


def lint_as_sarif(report: LintReport, *, rules: Sequence[Rule] = RULES, rule_pages: str = "") -> str:
    """The findings, with the rules that were run; what is inconclusive is a notification of the tool, which opens no alert.

    What is suppressed or in the baseline is left out: code scanning would open
    an alert for it all the same.
    """
    indexes = {rule.id: index for index, rule in enumerate(rules)}
    results = [_result(finding, mark, indexes) for finding, mark in with_fingerprints(report.findings)]
    driver: dict[str, Any] = {"name": "optimizer lint", "version": VERSION, "semanticVersion": VERSION}
    if rule_pages:
        driver["informationUri"] = f"{rule_pages.rstrip('/')}/README.md"
    run: dict[str, Any] = {
        "tool": {"driver": {**driver, "rules": [_rule(rule, rule_pages) for rule in rules]}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    notes = [_note(result, indexes) for result in report.inconclusive]
    if notes:
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": notes}]
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(rule: Rule, pages: str) -> dict[str, Any]:
    page = rule_page(rule)
    result: dict[str, Any] = {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": f"{rule.summary} {rule.why}"},
        "help": {"text": f"{rule.why}\n\nFix: {rule.fix}.", "markdown": page},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["container-image", rule.family.name.lower()]},
    }
    if pages:
        result["helpUri"] = f"{pages.rstrip('/')}/{rule.id}.md"
    return result


def _result(finding: Finding, mark: str, indexes: Mapping[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(f"{finding.message}. Fix: {finding.hint}.")},
        "partialFingerprints": {_FINGERPRINT: mark},
    }
    if finding.rule in indexes:
        result["ruleIndex"] = indexes[finding.rule]
    result["locations"] = [_location(_in_a_file(finding.location), finding.excerpt)]
    if finding.also:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": "the same finding"}, **_location(Location(construct=name), "")}
            for number, name in enumerate(finding.also, 1)
        ]
    if finding.fix:
        result["fixes"] = [_fix(finding.fix)]
    return result


_START = Span(Position(1, 1), Position(1, 1))


def _in_a_file(location: Location) -> Location:
    """The location with a file and a place in it, without which code scanning takes no result: an image has its name for a file."""
    return replace(location, path=location.path or location.construct or ".", span=location.span or _START)


def _note(check: InconclusiveCheck, indexes: Mapping[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "level": "note",
        "message": {"text": _message(f"{INCONCLUSIVE}: {check.reason}.")},
        "associatedRule": {"id": check.rule, **({"index": indexes[check.rule]} if check.rule in indexes else {})},
    }
    location = _location(check.location, "")
    if location:
        result["locations"] = [location]
    return result


def _message(text: str) -> str:
    """The text, without what would be read as a placeholder or a link (sections 3.11.5 and 3.11.6)."""
    return re.sub(r"\{(\d+)\}", r"{{\1}}", re.sub(r"\[(?=[^\]]*\]\()", r"\\[", text))


def _location(location: Location, excerpt: str) -> dict[str, Any]:
    result: dict[str, Any] = {}
    if location.path:
        physical: dict[str, Any] = {"artifactLocation": _artifact(location.path)}
        if location.span:
            physical["region"] = {**_region(location.span), **({"snippet": {"text": excerpt}} if excerpt else {})}
        result["physicalLocation"] = physical
    if location.construct:
        result["logicalLocations"] = [{"fullyQualifiedName": location.construct, "kind": "resource"}]
    return result


def _fix(fix: Fix) -> dict[str, Any]:
    changes: dict[str, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        changes.setdefault(edit.path, []).append({"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}})
    return {
        "description": {"text": fix.title},
        "artifactChanges": [{"artifactLocation": _artifact(path), "replacements": edits} for path, edits in changes.items()],
    }


def _artifact(path: str) -> dict[str, str]:
    path = path.replace("\\", "/")
    if path.startswith("/") or re.match(r"[A-Za-z]:/", path):
        return {"uri": "file:///" + quote(path.lstrip("/"), safe="/:", errors="surrogateescape")}
    return {"uri": quote(path, errors="surrogateescape"), "uriBaseId": "%SRCROOT%"}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.start.line,
        "startColumn": span.start.column,
        "endLine": span.end.line,
        "endColumn": span.end.column,
    }
