"""JUnit XML, which nearly every CI system shows.

There is no standard; this keeps to what the schema of Jenkins' xunit plug-in
and the readers of GitLab and Azure have in common.
Source: https://github.com/jenkinsci/xunit-plugin (junit-10.xsd)
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from optimizer.linting.finding import Finding, Location, Severity
from optimizer.linting.report import LintReport
from optimizer.report.inconclusive import INCONCLUSIVE, InconclusiveGroup, grouped
from optimizer.report.places import UNPRINTABLE, advised, constructs

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def lint_as_junit(report: LintReport) -> str:
    """A suite with a test case for each finding, which fails unless it is mere information, and a skipped one for what is inconclusive.

    A clean run is one case that passes.
    """
    inconclusive = grouped(report.inconclusive)
    counts = {
        "tests": str(max(1, len(report.findings)) + len(inconclusive)),
        "failures": str(sum(map(_fails, report.findings))),
        "errors": "0",
        "skipped": str(len(inconclusive)),
    }
    root = Element("testsuites", counts)
    suite = SubElement(root, "testsuite", {"name": "optimizer lint", **counts})
    for finding in report.findings:
        _add(suite, finding)
    if not report.findings:
        SubElement(suite, "testcase", {"classname": "optimizer lint", "name": "all conventions hold"})
    for group in inconclusive:
        _skip(suite, group)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _fails(finding: Finding) -> bool:
    return finding.severity is not Severity.INFO


def _add(suite: Element, finding: Finding) -> None:
    location = finding.location
    case = _case(suite, location, f"{finding.rule} {finding.name}")
    text = f"{location}: {advised(finding)}" + (f"\n{finding.excerpt}" if finding.excerpt else "")
    if location.construct:
        text += f"\nin: {constructs(finding)}"
    if _fails(finding):
        child = SubElement(case, "failure", {"type": finding.severity.value, "message": _allowed(finding.message)})
    else:
        child = SubElement(case, "system-out")
    child.text = _allowed(text)


def _skip(suite: Element, group: InconclusiveGroup) -> None:
    case = _case(suite, group.places[0], f"{INCONCLUSIVE}: {group.title}")
    SubElement(case, "skipped", {"message": _allowed(group.reason + (f"; and: {group.elsewhere}" if group.elsewhere else ""))})


def _case(suite: Element, location: Location, name: str) -> Element:
    attributes = {
        "classname": location.path or location.construct,
        "name": name + (f" at {location.span.start}" if location.span else ""),
    }
    if location.path:
        attributes["file"] = location.path
    if location.span:
        attributes["line"] = str(location.span.start.line)
    return SubElement(suite, "testcase", {name: _allowed(value) for name, value in attributes.items()})


def _allowed(text: str) -> str:
    """The text without characters that XML 1.0 cannot hold."""
    return _NO_XML.sub(UNPRINTABLE, text)
