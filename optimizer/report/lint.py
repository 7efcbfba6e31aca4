"""What a run of the rules looks like: a formatter takes a report, and gives text."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from optimizer.dockerfile.instruction import Span
from optimizer.linting.finding import Finding, Location, Severity
from optimizer.linting.report import LintReport
from optimizer.report.counts import counted
from optimizer.report.inconclusive import INCONCLUSIVE, grouped
from optimizer.report.names import SHORT
from optimizer.report.places import constructs
from optimizer.report.severities import SEVERITY_COLOURS
from optimizer.report.style import BOLD, GREEN, PLAIN, Style, replaced_in_order, wrapped
from optimizer.report.table import table

_MOST_EXCERPT = 120
_DIGEST = re.compile(rf"(sha256:[0-9a-f]{{{SHORT}}})[0-9a-f]{{{64 - SHORT}}}")
_MOST_PLACES = 5
"""Of the places of equal findings, the text for people names so many besides the first."""
_MOST_REASONS = 20
"""Why something is inconclusive, of which the text for people names this many."""
_ALL = "--format json lists all"


def lint_as_text(report: LintReport, *, style: Style = PLAIN, width: int | None = None, rule_pages: str = "") -> str:
    """For people: each finding with its line of the file, a mark under it, and what to do; then what is inconclusive, and why.

    Equal findings, as copies of one file and functions of one image have them, are shown once, with their places.
    Without a width each sentence is one line. ``rule_pages`` is the address of the pages of rules, for links.
    """
    blocks = []
    for finding, elsewhere in _together(report.findings):
        lines = [*_head(finding, style, width, rule_pages), *_excerpt(finding, style, width)]
        if finding.also:
            lines += wrapped(f"in: {_printable(constructs(finding))}", width, "  ", "    ")
        lines += _places(elsewhere)
        what_fixes = "fix with --fix:" if finding.fix else "fix:"
        hint = _printable(finding.hint)
        if finding.fix and width is not None:
            # Nobody has to copy what --fix writes, and a whole digest is almost as wide as a narrow screen.
            hint = _DIGEST.sub(r"\1…", hint)
        first, *rest = wrapped(f"{what_fixes} {hint}", width, "  ", "    ")
        # The words themselves may stand on two lines of a narrow screen.
        lines += [first.replace(what_fixes, style.painted(what_fixes, GREEN), 1), *rest]
        blocks.append("\n".join(lines))
    if report.inconclusive:
        blocks.append(_inconclusive(report, style, width))
    blocks.append("\n".join(wrapped(_summary(report), width, later="  ")))
    return "\n\n".join(blocks) + "\n"


def _head(finding: Finding, style: Style, width: int | None, rule_pages: str) -> list[str]:
    """Place, severity, rule and message; colours and links are put in where the lines are known."""
    where, severity, rule = _printable(str(finding.location)), finding.severity.value, finding.rule
    construct = f" [{_printable(_constructs(finding))}]" if finding.location.construct and finding.location.path else ""
    what = f"{severity} {rule} {finding.name}: {_printable(finding.message)}"
    lines = [f"{where}{construct}: {what}"]
    if width is not None and len(lines[0]) > width:
        # The severities stand below one another, however long the places are.
        lines = [*wrapped(f"{where}{construct}:", width, later="    "), *wrapped(what, width, "  ", "    ")]
    page = f"{rule_pages.rstrip('/')}/{rule}.md" if rule_pages else ""
    # Of each, the first after the one before it: messages and paths may hold the same words.
    wanted = [
        (where, style.painted(where, BOLD)),
        (f"{severity} ", style.painted(severity, SEVERITY_COLOURS[finding.severity]) + " "),
        (f"{rule} ", style.linked(rule, page) + " "),
    ]
    return replaced_in_order(lines, wanted)


def _places(elsewhere: Sequence[Finding]) -> list[str]:
    """The other places of a finding, each on a line, where a click or an editor takes one to it."""
    title = "  also at: "
    places = []
    for finding in elsewhere[:_MOST_PLACES]:
        construct = f" [{_constructs(finding)}]" if finding.location.construct and finding.location.path else ""
        places.append(_printable(f"{finding.location}{construct}"))
    if len(elsewhere) > _MOST_PLACES:
        places.append(f"and {counted(len(elsewhere) - _MOST_PLACES, 'more place')}; {_ALL}")
    return [(title if not number else " " * len(title)) + place for number, place in enumerate(places)]


def _together(findings: Iterable[Finding]) -> Iterator[tuple[Finding, list[Finding]]]:
    """Each finding with those that differ from it in their place alone, at the first of them."""
    groups: dict[Finding, list[Finding]] = {}
    for finding in findings:
        # The edits of a fix name their file.
        fix = None if finding.fix is None else replace(finding.fix, edits=())
        groups.setdefault(replace(finding, location=Location(), excerpt="", also=(), fix=fix), []).append(finding)
    for first, *elsewhere in groups.values():
        yield first, elsewhere


def lint_as_json(report: LintReport) -> str:
    """For programs; the keys are documented in docs/lint.md."""
    return json.dumps(lint_to_dict(report), indent=2, ensure_ascii=False) + "\n"


def lint_to_dict(report: LintReport) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "findings": [_finding(finding) for finding in report.findings],
        "suppressed": [
            {
                **_finding(finding),
                "reason": suppression.reason,
                **({"until": suppression.until.isoformat()} if suppression.until else {}),
            }
            for finding, suppression in report.suppressed
        ],
        "known": [_finding(finding) for finding in report.known],
        "inconclusive": [
            {"rule": result.rule, "name": result.name, "reason": result.reason, **_location(result.location)}
            for result in report.inconclusive
        ],
        "newer_rules": list(report.newer),
        "summary": {"subjects": report.subjects, **{severity.value: report.count(severity) for severity in Severity}},
    }


def statistics_as_text(report: LintReport) -> str:
    """How often each rule was broken, the most frequent first."""
    rows = [(str(count), rule, name, severity) for count, rule, name, severity in _statistics(report)]
    return f"{table(('count', 'rule', 'name', 'severity'), rows)}\n" if rows else "no findings\n"


def statistics_to_list(report: LintReport) -> list[dict[str, Any]]:
    """The same as data for JSON."""
    return [{"rule": rule, "name": name, "severity": severity, "count": count} for count, rule, name, severity in _statistics(report)]


def _statistics(report: LintReport) -> list[tuple[int, str, str, str]]:
    counts = Counter((finding.rule, finding.name, finding.severity.value) for finding in report.findings)
    return sorted(((count, *rule) for rule, count in counts.items()), key=lambda row: (-row[0], row[1]))


def _finding(finding: Finding) -> dict[str, Any]:
    result: dict[str, Any] = {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity.value,
        "message": finding.message,
        "fix": finding.hint,
        **_location(finding.location),
    }
    if finding.also:
        result["constructs"] = [finding.location.construct, *finding.also]
    if finding.fix:
        result["edits"] = [{"path": edit.path, **_span(edit.span), "text": edit.text} for edit in finding.fix.edits]
    return result


def _constructs(finding: Finding) -> str:
    return f"{finding.location.construct} and {len(finding.also)} more" if finding.also else finding.location.construct


def _location(location: Location) -> dict[str, Any]:
    result: dict[str, Any] = {"path": location.path}
    if location.span:
        result.update(_span(location.span))
    if location.construct:
        result["construct"] = location.construct
    return result


def _span(span: Span) -> dict[str, int]:
    return {"line": span.start.line, "column": span.start.column, "end_line": span.end.line, "end_column": span.end.column}


def _excerpt(finding: Finding, style: Style, width: int | None) -> list[str]:
    span = finding.location.span
    if span is None or not finding.excerpt:
        return []
    number = str(span.start.line)
    # Besides the line of the file: a margin, and a sign at either end.
    most = min(_MOST_EXCERPT, (width or _MOST_EXCERPT * 2) - len(number) - 7)
    start = span.start.column - 1
    end = span.end.column - 1 if span.end.line == span.start.line else len(finding.excerpt)
    # Of a long line only what lies around the place.
    first = 0 if start < most - 20 else start - 20
    shown = finding.excerpt[first : first + most]
    lead = "…" if first else ""
    trail = "…" if len(finding.excerpt) > first + most else ""
    # A tab is one column wide here, as it is in the location.
    shown = _printable(shown.replace("\t", " "))
    marks = max(1, min(end, first + most) - start)
    return [
        f"  {number} | {lead}{shown}{trail}",
        f"  {' ' * len(number)} | {' ' * (len(lead) + start - first)}{style.painted('^' * marks, SEVERITY_COLOURS[finding.severity])}",
    ]


def _printable(text: str) -> str:
    """The text without what would steer a terminal, character by character."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _inconclusive(report: LintReport, style: Style, width: int | None) -> str:
    groups = grouped(report.inconclusive)
    lines = [style.painted(f"{INCONCLUSIVE}:", BOLD)]
    for group in groups[:_MOST_REASONS]:
        first = group.places[0]
        where = f"{first} [{first.construct}]" if first.construct and first.path else str(first)
        lines += wrapped(f"{_printable(where)}: {group.title}: {_printable(group.reason)}", width, "  ", "    ")
        if group.elsewhere:
            lines += wrapped(f"and: {_printable(group.elsewhere)}", width, "    ", "      ")
    if len(groups) > _MOST_REASONS:
        lines.append(f"  and {len(groups) - _MOST_REASONS} more reasons; {_ALL}")
    return "\n".join(lines)


def _summary(report: LintReport) -> str:
    counts = [f"{report.count(severity)} {severity.value}" for severity in Severity]
    parts = [f"{report.subjects} checked", ", ".join(counts)]
    fixable = sum(finding.fix is not None for finding in report.findings)
    if fixable:
        parts.append(f"{fixable} fixable with --fix")
    if report.known:
        parts.append(f"{len(report.known)} known")
    if report.suppressed:
        parts.append(f"{len(report.suppressed)} suppressed")
    if report.inconclusive:
        parts.append(f"{len(report.inconclusive)} {INCONCLUSIVE}")
    if report.newer:
        parts.append(f"{counted(len(report.newer), 'newer rule')} not run ({', '.join(report.newer)})")
    return "; ".join(parts)
