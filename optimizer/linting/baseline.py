"""Findings that were there when an estate adopted the rules, as a file that only ever shrinks.

A finding is known by a fingerprint over its rule, what it belongs to and the
text at its place, so that it stays the same when lines move.  It belongs to
its file where people write that, and in a template to the resource there; what
is found in an output of ``cdk synth``, whose names change with each edit, to
its construct.  What is found in a file that people write and is of a
construct too is known by either, so that one baseline serves ``optimizer lint``
and ``cdk synth``.  Equal findings have one entry with a count.  Neither lines
nor texts stand in the file: it does not change with every edit, and holds no
secret that a rule has found.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
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

VERSION = 2
_READABLE = (1, VERSION)
_RESTORE = "restore the file from version control, or write it again with --write-baseline"
# Digests of content, which name assets and change with them; those of images have their algorithm before them.
_ASSET = re.compile(r"(?<!sha256:)\b[0-9a-f]{64}\b")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Entry:
    """Equal findings.

    ``path`` starts at the directory of the baseline file; it is empty where
    the findings belong to the ``construct`` alone.
    """

    path: str
    construct: str = ""
    rule: str
    fingerprint: str
    count: int

    @property
    def place(self) -> str:
        """What the findings belong to, for messages."""
        return self.path or self.construct or "the app"


def fingerprint(finding: Finding, path: str) -> str:
    """What the finding stays known by in its file, which every run names ``path``."""
    return _fingerprint(finding.rule, path, finding.location.construct, _text(finding))


def _fingerprint(rule: str, path: str, construct: str, text: str) -> str:
    parts = (rule, path, construct, " ".join(text.split()))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _text(finding: Finding) -> str:
    """The text at the place of a finding, else what it says."""
    location = finding.location
    text = finding.excerpt
    if location.span is not None and text:
        end = location.span.end.column - 1 if location.span.end.line == location.span.start.line else None
        text = text[location.span.start.column - 1 : end]
    return text or finding.message


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
            if version not in _READABLE or isinstance(version, bool):
                allowed = " and ".join(map(str, _READABLE))
                raise ConfigurationError(
                    f"version {version!r} of baselines is not readable; allowed: {allowed}",
                    name,
                    "use the version of the tool that wrote it",
                )
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
    did where the file is gone; ``template`` says of a path whether it is a
    template that people write, and ``generated`` whether it is in the output
    of ``cdk synth``.  ``constructs`` are those of the apps that were looked
    at.  ``rules`` are those that were run, ``known`` all that there are.
    """

    relative: Callable[[str], str]
    checked: Callable[[str], bool]
    template: Callable[[str], bool] = lambda path: False
    generated: Callable[[str], bool] = lambda path: False
    constructs: Collection[str] = ()
    rules: Sequence[Rule] = RULES
    known: Sequence[Rule] = RULES

    def covers(self, entry: Entry) -> bool:
        """Whether the run would have found what the entry stands for."""
        run = {rule.id for rule in self.rules}
        known = {rule.id for rule in self.known}
        return (entry.rule in run or entry.rule not in known) and self._looked_at(entry)

    def _looked_at(self, entry: Entry) -> bool:
        if entry.path:
            return self.checked(entry.path)
        # A construct that is gone was looked for where its stack was.
        tops = {construct.partition("/")[0] for construct in self.constructs}
        return entry.construct in self.constructs or entry.construct.partition("/")[0] in tops

    def entries(self, finding: Finding) -> tuple[Entry, ...]:
        """What stands for the finding in a baseline that is written, each with a count of 1."""
        path, text = finding.location.path, _text(finding)
        constructs = dict.fromkeys((finding.location.construct, *finding.also))
        if not path or self.generated(path):
            return self._of_constructs(finding, constructs)
        relative = self.relative(path)
        # In a Dockerfile it is the file that is wrong, whatever runs its image.
        owners = constructs if self.template(path) else {"": None}
        return tuple(
            Entry(path=relative, construct=owner, rule=finding.rule, fingerprint=_fingerprint(finding.rule, relative, owner, text), count=1)
            for owner in owners
        )

    def marks(self, finding: Finding) -> dict[str, None]:
        """The fingerprints of all entries that stand for the finding, also of those that older versions wrote."""
        constructs = dict.fromkeys((finding.location.construct, *finding.also))
        entries = [*self.entries(finding), *self._of_constructs(finding, {name: None for name in constructs if name})]
        first = fingerprint(finding, self.relative(finding.location.path))
        return dict.fromkeys([*(entry.fingerprint for entry in entries), first])

    def _of_constructs(self, finding: Finding, constructs: Iterable[str]) -> tuple[Entry, ...]:
        text = _ASSET.sub("", _text(finding))
        return tuple(
            Entry(path="", construct=name, rule=finding.rule, fingerprint=_fingerprint(finding.rule, "", name, text), count=1)
            for name in constructs
        )


def compare(report: LintReport, baseline: Baseline, conventions: Conventions, scope: Scope, command: str) -> LintReport:
    """The report with what the baseline holds set apart, and a finding for each entry that is fixed.

    ``command`` makes the baseline smaller.
    """
    left = Counter({(item.rule, item.fingerprint): item.count for item in baseline.entries})
    new: list[Finding] = []
    known: list[Finding] = []
    for finding in report.findings:
        # A baseline that was written by several ways in holds one finding more than once.
        marks = [(finding.rule, mark) for mark in scope.marks(finding) if left[(finding.rule, mark)] > 0]
        left.subtract(marks)
        (known if marks else new).append(finding)
    fixed = []
    for entry in baseline.entries:
        count = left[(entry.rule, entry.fingerprint)]
        if count > 0 and scope.covers(entry):
            times = f", {count} times" if count > 1 else ""
            message = f'{entry.rule} is fixed in "{entry.place}"{times}, and the baseline still holds it'
            fixed.append((OUTDATED, message, baseline.location(entry), f"make the baseline smaller: {command}"))
    return with_findings(replace(report, findings=tuple(new), known=tuple(known)), fixed, conventions, scope.rules)


def smaller(baseline: Baseline, findings: Iterable[Finding], scope: Scope) -> Baseline:
    """The baseline without what is fixed; what the run did not look at stays."""
    now = Counter((finding.rule, mark) for finding in findings for mark in scope.marks(finding))
    entries = []
    for entry in baseline.entries:
        count = min(entry.count, now[(entry.rule, entry.fingerprint)]) if scope.covers(entry) else entry.count
        if count:
            entries.append(replace(entry, count=count))
    return Baseline(name=baseline.name, entries=tuple(entries))


def whole(name: str, findings: Iterable[Finding], scope: Scope, before: Baseline | None = None) -> Baseline:
    """The baseline that holds all findings, and what ``before`` holds of what the run did not look at."""
    counts = Counter(entry for finding in findings for entry in scope.entries(finding))
    entries = [replace(entry, count=count) for entry, count in counts.items()]
    kept = [entry for entry in before.entries if not scope.covers(entry)] if before else []
    return Baseline(name=name, entries=tuple(sorted([*entries, *kept])))


def _row(entry: Entry) -> str:
    # The name of a file need not be UTF-8, and the text of a baseline is.
    plain = entry.path.encode("utf-8", "replace").decode("utf-8") == entry.path
    construct = {"construct": entry.construct} if entry.construct else {}
    row = {"path": entry.path, **construct, "rule": entry.rule, "fingerprint": entry.fingerprint, "count": entry.count}
    return json.dumps(row, ensure_ascii=not plain)


def _entry(item: Any) -> Entry:
    entry = Entry(
        path=item["path"],
        construct=item.get("construct", ""),
        rule=item["rule"],
        fingerprint=item["fingerprint"],
        count=item["count"],
    )
    texts = (entry.path, entry.construct, entry.rule, entry.fingerprint)
    if (
        not all(isinstance(text, str) for text in texts)
        or isinstance(entry.count, bool)
        or not isinstance(entry.count, int)
        or entry.count < 1
    ):
        raise ValueError("not an entry")
    return entry
