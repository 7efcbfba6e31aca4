"""Findings that were there when an estate adopted the rules, as a file that only ever shrinks.

A finding is known by a fingerprint over its rule, its file, its construct and
the text at its place, so that it stays the same when lines move.  Equal
findings in one file have one entry with a count.  Neither lines nor texts
stand in the file: it does not change with every edit, and holds no secret that
a rule has found.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from optimizer.dockerfile.instruction import Position, Span
from optimizer.errors import ConfigurationError
from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import with_findings
from optimizer.linting.finding import Finding, Location
from optimizer.linting.report import LintReport
from optimizer.linting.rule import Rule
from optimizer.linting.rules import RULES
from optimizer.linting.rules.lint.outdated_baseline import RULE as OUTDATED

VERSION = 1
_RESTORE = "restore the file from version control, or write it again with --write-baseline"


def fingerprint(finding: Finding, path: str) -> str:
    """What the finding stays known by; ``path`` is its file as every run names it."""
    location = finding.location
    text = finding.excerpt
    if location.span is not None and text:
        end = location.span.end.column - 1 if location.span.end.line == location.span.start.line else None
        text = text[location.span.start.column - 1 : end]
    parts = (finding.rule, path, location.construct, " ".join((text or finding.message).split()))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Entry:
    """Equal findings; ``path`` starts at the directory of the baseline file."""

    path: str
    rule: str
    fingerprint: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The entries, sorted; ``name`` is the file as messages show it."""

    name: str
    entries: tuple[Entry, ...] = ()
    _text: str = field(default="", repr=False, compare=False)

    @classmethod
    def parse(cls, text: str, name: str) -> Baseline:
        """The baseline in the text of a file; raises :class:`ConfigurationError` for any other text."""
        try:
            data = json.loads(text)
            version = data["version"]
            if version != VERSION:
                raise ConfigurationError(f"version {version!r} of baselines is not readable; allowed: {VERSION}", name, _RESTORE)
            entries = tuple(sorted(_entry(item) for item in data["findings"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ConfigurationError("this is not a baseline", name, _RESTORE) from None
        return cls(name=name, entries=entries, _text=text)

    @property
    def total(self) -> int:
        """How many findings it holds."""
        return sum(entry.count for entry in self.entries)

    def render(self) -> str:
        """The text of its file, a line for each entry; equal baselines have equal texts."""
        rows = [_row(entry) for entry in sorted(self.entries)]
        findings = ",\n    ".join(rows)
        return f'{{\n  "version": {VERSION},\n  "findings": [' + (f"\n    {findings}\n  " if rows else "") + "]\n}\n"

    def location(self, entry: Entry) -> Location:
        """Where the entry stands in its file."""
        for number, line in enumerate(self._text.splitlines(), 1):
            if entry.fingerprint in line:
                return Location(path=self.name, span=Span(Position(number, 1), Position(number, len(line) + 1)))
        return Location(path=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a run looked at.

    ``relative`` gives the path of a file from the directory of the baseline;
    ``checked`` says of such a path whether the run covered it, which it also
    did where the file is gone; ``rules`` are those that were run, ``known``
    all that there are.
    """

    relative: Callable[[str], str]
    checked: Callable[[str], bool]
    rules: Sequence[Rule] = RULES
    known: Sequence[Rule] = RULES

    def covers(self, entry: Entry) -> bool:
        """Whether the run would have found what the entry stands for."""
        run = {rule.id for rule in self.rules}
        known = {rule.id for rule in self.known}
        return (entry.rule in run or entry.rule not in known) and self.checked(entry.path)


def compare(report: LintReport, baseline: Baseline, conventions: Conventions, scope: Scope, command: str) -> LintReport:
    """The report with what the baseline holds set apart, and a finding for each entry that is fixed.

    ``command`` makes the baseline smaller.
    """
    left = Counter({(item.rule, item.fingerprint): item.count for item in baseline.entries})
    new: list[Finding] = []
    known: list[Finding] = []
    for finding in report.findings:
        key = (finding.rule, fingerprint(finding, scope.relative(finding.location.path)))
        if left[key] > 0:
            left[key] -= 1
            known.append(finding)
        else:
            new.append(finding)
    fixed = []
    for entry in baseline.entries:
        count = left[(entry.rule, entry.fingerprint)]
        if count > 0 and scope.covers(entry):
            times = f", {count} times" if count > 1 else ""
            message = f'{entry.rule} is fixed in "{entry.path}"{times}, and the baseline still holds it'
            fixed.append((OUTDATED, message, baseline.location(entry), f"make the baseline smaller: {command}"))
    return with_findings(replace(report, findings=tuple(new), known=tuple(known)), fixed, conventions, scope.rules)


def smaller(baseline: Baseline, findings: Iterable[Finding], scope: Scope) -> Baseline:
    """The baseline without what is fixed; what the run did not look at stays."""
    now = _count(findings, scope)
    entries = []
    for entry in baseline.entries:
        count = min(entry.count, now[(entry.path, entry.rule, entry.fingerprint)]) if scope.covers(entry) else entry.count
        if count:
            entries.append(replace(entry, count=count))
    return Baseline(name=baseline.name, entries=tuple(entries))


def whole(name: str, findings: Iterable[Finding], scope: Scope, before: Baseline | None = None) -> Baseline:
    """The baseline that holds all findings, and what ``before`` holds of what the run did not look at."""
    entries = [Entry(path=path, rule=rule, fingerprint=mark, count=count) for (path, rule, mark), count in _count(findings, scope).items()]
    kept = [entry for entry in before.entries if not scope.covers(entry)] if before else []
    return Baseline(name=name, entries=tuple(sorted([*entries, *kept])))


def _count(findings: Iterable[Finding], scope: Scope) -> Counter[tuple[str, str, str]]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for finding in findings:
        path = scope.relative(finding.location.path)
        counts[(path, finding.rule, fingerprint(finding, path))] += 1
    return counts


def _row(entry: Entry) -> str:
    # The name of a file need not be UTF-8, and the text of a baseline is.
    plain = entry.path.encode("utf-8", "replace").decode("utf-8") == entry.path
    row = {"path": entry.path, "rule": entry.rule, "fingerprint": entry.fingerprint, "count": entry.count}
    return json.dumps(row, ensure_ascii=not plain)


def _entry(item: Any) -> Entry:
    entry = Entry(path=item["path"], rule=item["rule"], fingerprint=item["fingerprint"], count=item["count"])
    texts = (entry.path, entry.rule, entry.fingerprint)
    if (
        not all(isinstance(text, str) for text in texts)
        or isinstance(entry.count, bool)
        or not isinstance(entry.count, int)
        or entry.count < 1
    ):
        raise ValueError("not an entry")
    return entry
