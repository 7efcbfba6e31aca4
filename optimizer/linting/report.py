"""What a run of the rules found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from optimizer.linting.finding import Finding, InconclusiveCheck, Severity
from optimizer.linting.suppressions import Suppression


@dataclass(frozen=True, slots=True, kw_only=True)
class LintReport:
    """What a run found, each tuple sorted by place.

    ``known`` are the findings that a baseline holds; ``suppressed`` those that
    were set aside, with what did it; ``inconclusive`` the checks
    that could not decide, and were not set aside; ``subjects`` counts what was looked at.

    ``newer`` are the ids of rules that were not run, because they are of a
    release after the one that the conventions name.

    ``thresholds`` maps paths of files to the lowest severity that fails the
    run there; ``fail_on`` is the one for every other place.
    """

    findings: tuple[Finding, ...] = ()
    known: tuple[Finding, ...] = ()
    suppressed: tuple[tuple[Finding, Suppression], ...] = ()
    inconclusive: tuple[InconclusiveCheck, ...] = ()
    subjects: int = 0
    newer: tuple[str, ...] = ()
    thresholds: Mapping[str, Severity] = field(default_factory=dict)
    fail_on: Severity = Severity.WARNING

    @property
    def failing(self) -> tuple[Finding, ...]:
        """The findings that fail the run, in order; empty when all is well."""
        return tuple(item for item in self.findings if item.severity.at_least(self.thresholds.get(item.location.path, self.fail_on)))

    def count(self, severity: Severity) -> int:
        """How many findings have the severity."""
        return sum(finding.severity is severity for finding in self.findings)


def merged(reports: Iterable[LintReport]) -> LintReport:
    """Several reports as one."""
    reports = list(reports)
    return LintReport(
        findings=in_order(finding for report in reports for finding in report.findings),
        known=in_order(finding for report in reports for finding in report.known),
        suppressed=tuple(sorted((pair for report in reports for pair in report.suppressed), key=lambda pair: pair[0].order)),
        inconclusive=inconclusive_in_order(result for report in reports for result in report.inconclusive),
        subjects=sum(report.subjects for report in reports),
        newer=tuple(sorted({id for report in reports for id in report.newer})),
        thresholds={path: severity for report in reports for path, severity in report.thresholds.items()},
    )


def folded(report: LintReport) -> LintReport:
    """The report with findings that differ in nothing but their construct as one, at the first of them.

    An image that forty functions run is fixed once.
    """
    together: dict[Finding, list[str]] = {}
    for finding in report.findings:
        key = replace(finding, location=replace(finding.location, construct=""))
        together.setdefault(key, []).append(finding.location.construct)
    findings = (
        replace(finding, location=replace(finding.location, construct=constructs[0]), also=tuple(constructs[1:]))
        for finding, constructs in together.items()
    )
    return replace(report, findings=in_order(findings))


def unfolded(report: LintReport) -> LintReport:
    """The report with each finding at each of its constructs."""
    findings = (
        replace(finding, location=replace(finding.location, construct=construct), also=())
        for finding in report.findings
        for construct in (finding.location.construct, *finding.also)
    )
    return replace(report, findings=in_order(findings))


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings by place, each once."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: finding.order))


def _inconclusive_order(result: InconclusiveCheck) -> tuple[object, ...]:
    span = result.location.span
    return (result.location.path, span.start.line if span else 0, result.rule, result.location.construct, result.reason)


def inconclusive_in_order(inconclusive: Iterable[InconclusiveCheck]) -> tuple[InconclusiveCheck, ...]:
    """The inconclusive checks by place."""
    return tuple(sorted(inconclusive, key=_inconclusive_order))
