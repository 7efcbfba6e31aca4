"""Annotations of GitHub Actions: a workflow command for each finding.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from optimizer.lint.engine import LintReport
from optimizer.lint.finding import Finding, Severity
from optimizer.report.places import UNPRINTABLE, advised, constructs

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def lint_as_github(report: LintReport) -> str:
    """A line for each finding; the runner shows them at their lines in the changes of a pull request."""
    return "".join(f"{_command(finding)}\n" for finding in report.findings)


def _command(finding: Finding) -> str:
    location = finding.location
    properties: dict[str, str | int] = {}
    if location.path:
        properties["file"] = location.path
    if location.span:
        properties["line"] = location.span.start.line
        properties["endLine"] = location.span.end.line
        # Columns over several lines are refused.
        if location.span.start.line == location.span.end.line:
            properties["col"] = location.span.start.column
            properties["endColumn"] = location.span.end.column
    properties["title"] = f"{finding.rule} {finding.name}"
    text = advised(finding)
    named = constructs(finding)
    if named:
        text = f"{named}: {text}"
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {written}::{_data(text)}"


def _data(text: str) -> str:
    # A log shows what steers a terminal. Percent first: it stands in the other codes.
    text = "".join(character if character.isprintable() or character in "\r\n" else UNPRINTABLE for character in text)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
