"""What a run of the rules looks like: a formatter takes a report, and gives text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from optimizer.dockerfile.instruction import Span
from optimizer.linting.finding import Finding, Location, Severity
from optimizer.linting.report import LintReport
from optimizer.report.inconclusive import INCONCLUSIVE, grouped
from optimizer.report.places import constructs, named
from optimizer.report.table import table

_WIDTH = 120
_MOST_REASONS = 20
"""Why something is inconclusive, of which the text for people names this many."""
_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}


def lint_as_text(report: LintReport, *, colour: bool = False) -> str:
    """For people: each finding with its line of the file, a mark under it, and what to do; then what is inconclusive, and why.

    Equal findings at one place of several files, as copies of one file have them, are shown once.
    """

    def painted(text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if colour else text

    blocks = []
    for finding, elsewhere in _together(report.findings):
        code = _COLOURS[finding.severity]
        where = str(finding.location)
        construct = f" [{_printable(_constructs(finding))}]" if finding.location.construct and finding.location.path else ""
        what = f"{finding.rule} {finding.name}: {_printable(finding.message)}"
        head = f"{painted(_printable(where), '1')}{construct}: {painted(finding.severity.value, code)} {what}"
        lines = [head, *_excerpt(finding, partial(painted, code=code))]
        if finding.also:
            lines.append(f"  in: {_printable(constructs(finding))}")
        if elsewhere:
            lines.append(f"  also in: {_printable(named(elsewhere))}")
        what_fixes = "fix with --fix:" if finding.fix else "fix:"
        lines.append(f"  {painted(what_fixes, '32')} {_printable(finding.hint)}")
        blocks.append("\n".join(lines))
    if report.inconclusive:
        blocks.append(_inconclusive(report, painted))
    blocks.append(_summary(report))
    return "\n\n".join(blocks) + "\n"


def _together(findings: Iterable[Finding]) -> Iterator[tuple[Finding, list[str]]]:
    """Each finding with the other files that have an equal one at the same place, at the first of them."""
    files: dict[Finding, list[str]] = {}
    firsts: dict[Finding, Finding] = {}
    for finding in findings:
        # The edits of a fix name their file, and the finding of a function stands for its image alone.
        alone = bool(finding.location.construct) or not finding.location.path
        fix = None if finding.fix is None else replace(finding.fix, edits=())
        key = finding if alone else replace(finding, location=replace(finding.location, path=""), fix=fix)
        firsts.setdefault(key, finding)
        files.setdefault(key, []).append(finding.location.path)
    for key, finding in firsts.items():
        yield finding, files[key][1:]


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
        "summary": {"subjects": report.subjects, **{severity.value: report.count(severity) for severity in Severity}},
    }


def statistics_as_text(report: LintReport) -> str:
    """How often each rule was broken, the most frequent first."""
    counts = Counter((finding.rule, finding.name, finding.severity.value) for finding in report.findings)
    rows = [(str(count), rule, name, severity) for (rule, name, severity), count in counts.items()]
    rows.sort(key=lambda row: (-int(row[0]), row[1]))
    return f"{table(('count', 'rule', 'name', 'severity'), rows)}\n" if rows else "no findings\n"


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


def _excerpt(finding: Finding, painted: Callable[[str], str]) -> list[str]:
    span = finding.location.span
    if span is None or not finding.excerpt:
        return []
    start = span.start.column - 1
    end = span.end.column - 1 if span.end.line == span.start.line else len(finding.excerpt)
    # Of a long line only what lies around the place.
    first = 0 if start < _WIDTH - 20 else start - 20
    shown = finding.excerpt[first : first + _WIDTH]
    lead = "…" if first else ""
    trail = "…" if len(finding.excerpt) > first + _WIDTH else ""
    # A tab is one column wide here, as it is in the location.
    shown = _printable(shown.replace("\t", " "))
    marks = max(1, min(end, first + _WIDTH) - start)
    margin = " " * len(str(span.start.line))
    return [
        f"  {span.start.line} | {lead}{shown}{trail}",
        f"  {margin} | {' ' * (len(lead) + start - first)}{painted('^' * marks)}",
    ]


def _printable(text: str) -> str:
    """The text without what would steer a terminal, character by character."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _inconclusive(report: LintReport, painted: Callable[[str, str], str]) -> str:
    groups = grouped(report.inconclusive)
    lines = [painted(f"{INCONCLUSIVE}:", "1")]
    for group in groups[:_MOST_REASONS]:
        first = group.places[0]
        where = f"{first} [{first.construct}]" if first.construct and first.path else str(first)
        lines.append(f"  {_printable(where)}: {group.title}: {_printable(group.reason)}")
        if group.elsewhere:
            lines.append(f"    and: {_printable(group.elsewhere)}")
    if len(groups) > _MOST_REASONS:
        lines.append(f"  and {len(groups) - _MOST_REASONS} more reasons; --format json lists all")
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
    return "; ".join(parts)
