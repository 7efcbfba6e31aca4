"""Annotations of GitHub Actions: a workflow command for each finding.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from optimizer.linting.finding import Finding, Location, Severity
from optimizer.linting.report import LintReport
from optimizer.report.inconclusive import INCONCLUSIVE, InconclusiveGroup, grouped
from optimizer.report.places import UNPRINTABLE, advised, constructs

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def lint_as_github(report: LintReport) -> str:
    """A line for each finding, and one for each reason why something is inconclusive.

    The runner shows them at their lines in the changes of a pull request.
    """
    lines = [*map(_command, report.findings), *map(_notice, grouped(report.inconclusive))]
    return "".join(f"{line}\n" for line in lines)


def _command(finding: Finding) -> str:
    text = advised(finding)
    named = constructs(finding)
    return _written(_COMMANDS[finding.severity], finding.location, f"{finding.rule} {finding.name}", f"{named}: {text}" if named else text)


def _notice(group: InconclusiveGroup) -> str:
    first = group.places[0]
    text = f"{first.construct}: {group.reason}" if first.construct else group.reason
    also = f"\nand: {group.elsewhere}" if group.elsewhere else ""
    return _written("notice", first, f"{INCONCLUSIVE}: {group.title}", text + also)


def _written(command: str, location: Location, title: str, text: str) -> str:
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
    properties["title"] = title
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{command} {written}::{_data(text)}"


def _data(text: str) -> str:
    # A log shows what steers a terminal. Percent first: it stands in the other codes.
    text = "".join(character if character.isprintable() or character in "\r\n" else UNPRINTABLE for character in text)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
