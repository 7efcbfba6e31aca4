"""Runs rules over subjects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from optimizer.dockerfile.instruction import Span
from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.lambda_signs import runs_on_lambda
from optimizer.linting.finding import Finding, Fix, Inconclusive, InconclusiveCheck, Location, Severity, Verdict, Violation
from optimizer.linting.report import LintReport, in_order, inconclusive_in_order
from optimizer.linting.rule import Family, Rule, ids_by_word
from optimizer.linting.rules import RULES
from optimizer.linting.rules.lint.expired_suppression import RULE as EXPIRED
from optimizer.linting.rules.lint.invalid_suppression import RULE as INVALID
from optimizer.linting.rules.lint.unreadable_dockerfile import RULE as UNREADABLE
from optimizer.linting.rules.lint.unused_suppression import RULE as UNUSED
from optimizer.linting.subjects import AppSubject, DockerfileSubject, FunctionSubject, ImageSubject, RepositorySubject, Subject
from optimizer.linting.suppressions import Malformed, Suppression, SuppressionIndex, expired, suppressions_of

_KINDS = (
    (DockerfileSubject, "dockerfile"),
    (FunctionSubject, "function"),
    (RepositorySubject, "repository"),
    (AppSubject, "app"),
    (ImageSubject, "image"),
)
_OWN = frozenset(rule.id for rule in RULES)


def lint(
    subjects: Sequence[Subject],
    conventions: Conventions,
    *,
    rules: Sequence[Rule] = RULES,
    suppressions: Sequence[Suppression] = (),
    malformed: Sequence[Malformed] = (),
    known: Sequence[Rule] = RULES,
) -> LintReport:
    """What the rules find in the subjects.

    ``rules`` are those that are run, ``known`` all that suppressions may name;
    ``suppressions``, and the ``malformed`` that are none, stand beside those in
    the Dockerfiles.
    """
    run = _Run(conventions, rules)
    for item in malformed:
        run.add(INVALID, item.message, item.location)
    active = dict.fromkeys(suppressions)
    ids = ids_by_word(known)
    for subject in subjects:
        if isinstance(subject, DockerfileSubject):
            run.know(subject)
            # Nobody writes comments into a file that is rendered.
            if subject.place is None:
                found, failed = suppressions_of(subject.dockerfile, subject.path, ids)
                active.update(dict.fromkeys(found))
                for item in failed:
                    run.add(INVALID, item.message, item.location)
        run.check(subject)
    return run.report(tuple(active), len(subjects))


def set_aside(
    report: LintReport,
    conventions: Conventions,
    *,
    rules: Sequence[Rule] = RULES,
    looked_at: Iterable[Location] = (),
    relative: Callable[[str], str] = lambda path: path,
) -> LintReport:
    """The report after the suppressions of the conventions, for runs that are made of several.

    ``relative`` gives the path of a file from where the patterns of the
    suppressions start; ``looked_at`` are the files and constructs of the run:
    a suppression for others may well be used there.
    """
    past = set(expired(conventions.suppressions, conventions.today))
    active = [item for item in conventions.suppressions if item not in past]
    index = SuppressionIndex(active)
    kept: list[Finding] = []
    aside: list[tuple[Finding, Suppression]] = []
    for finding in report.findings:
        location = replace(finding.location, path=relative(finding.location.path))
        cover = index.covering(replace(finding, location=location))
        if cover is None:
            kept.append(finding)
        else:
            aside.append((finding, cover))
    used = {cover for _, cover in aside}
    open_: list[InconclusiveCheck] = []
    for result in report.inconclusive:
        location = replace(result.location, path=relative(result.location.path))
        cover = index.covering(replace(result, location=location))
        if cover is None:
            open_.append(result)
        else:
            used.add(cover)
    run = {rule.id for rule in rules}
    places = [replace(location, path=relative(location.path)) for location in looked_at]
    found = [(EXPIRED, f"the suppression expired on {item.until}", item.location, "") for item in conventions.suppressions if item in past]
    for item in active:
        if item not in used and item.rules <= run and any(item.speaks_of(place) for place in places):
            found.append((UNUSED, f"the suppression matches no finding of {', '.join(sorted(item.rules))}", item.location, ""))
    suppressed = tuple(sorted((*report.suppressed, *aside), key=lambda pair: pair[0].order))
    return with_findings(replace(report, findings=tuple(kept), suppressed=suppressed, inconclusive=tuple(open_)), found, conventions, rules)


def with_findings(
    report: LintReport, found: Iterable[tuple[Rule, str, Location, str]], conventions: Conventions, rules: Sequence[Rule]
) -> LintReport:
    """The report with more findings, each a rule, a message, a place and a hint, which may be empty."""
    run = _Run(conventions, rules)
    for rule, message, location, hint in found:
        run.add(rule, message, location, hint)
    return replace(report, findings=in_order((*report.findings, *run.findings)))


class _Run:
    def __init__(self, conventions: Conventions, rules: Sequence[Rule]) -> None:
        self._conventions = conventions
        self._rules = [rule for rule in rules if self._severity(rule) is not None]
        self._ids = {rule.id for rule in self._rules}
        self._findings: list[Finding] = []
        self._inconclusive: list[InconclusiveCheck] = []
        self._files: dict[str, DockerfileSubject] = {}
        self._judged: dict[tuple[object, ...], tuple[DockerfileSubject, tuple[Verdict, ...]]] = {}
        self._rendered: dict[tuple[str, str], DockerfileSubject] = {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was taken in, in order."""
        return tuple(self._findings)

    def know(self, subject: DockerfileSubject) -> None:
        """Take excerpts of its file from the subject, and where findings in it are shown."""
        self._files[subject.path] = subject
        if subject.place is not None:
            self._rendered[subject.path, subject.construct] = subject

    def check(self, subject: Subject) -> None:
        if isinstance(subject, DockerfileSubject) and subject.problems:
            # What no builder accepts is not judged further: half a file gives wrong findings.
            for problem in subject.problems:
                self._take(UNREADABLE, Violation(message=problem.message, span=problem.span, hint=problem.hint), subject)
            return
        kind = next(kind for type_, kind in _KINDS if isinstance(subject, type_))
        foreign = isinstance(subject, DockerfileSubject) and not runs_on_lambda(subject, self._conventions)
        for rule in self._rules:
            if foreign and (rule.only_lambda or rule.family is Family.LAMBDA):
                continue
            check = getattr(rule, kind)
            if check is not None:
                for verdict in self._verdicts(rule, check, subject):
                    self._take(rule, verdict, subject, fixable=not foreign)

    def _verdicts(self, rule: Rule, check: Callable[[Any, Conventions], Iterable[Verdict]], subject: Subject) -> Iterable[Verdict]:
        """What the rule says; asked once of an image that several functions run."""
        # A rule of a company may look at the construct.
        if not isinstance(subject, DockerfileSubject) or not subject.construct or rule.id not in _OWN:
            return check(subject, self._conventions)
        key = (rule.id, id(subject.resolved), subject.platform, subject.repository, subject.repository_tags, subject.cache_to)
        if key not in self._judged:
            # With the subject, so that nothing else gets its identity.
            self._judged[key] = (subject, tuple(check(subject, self._conventions)))
        return self._judged[key][1]

    def add(self, rule: Rule, message: str, location: Location, hint: str = "", fix: Fix | None = None) -> None:
        """Take a finding in, unless its rule is not run."""
        severity = self._severity(rule)
        if rule.id not in self._ids or severity is None:
            return
        file = self._files.get(location.path)
        self._findings.append(
            Finding(
                rule=rule.id,
                name=rule.name,
                severity=severity,
                message=message,
                hint=hint or rule.fix,
                location=location,
                # A report goes to logs and artifacts, and a baseline into version control: neither may repeat a secret.
                excerpt=file.line(location.span) if file and rule.family is not Family.SECRETS else "",
                fix=fix,
            )
        )

    def report(self, suppressions: Sequence[Suppression], subjects: int) -> LintReport:
        past = expired(suppressions, self._conventions.today)
        ended = set(past)
        active = [item for item in suppressions if item not in ended]
        index = SuppressionIndex(active)
        kept: list[Finding] = []
        aside: list[tuple[Finding, Suppression]] = []
        used: set[Suppression] = set()
        for finding in dict.fromkeys(self._findings):
            cover = index.covering(finding)
            if cover is None:
                kept.append(finding)
            else:
                used.add(cover)
                aside.append((finding, cover))
        open_: list[InconclusiveCheck] = []
        for result in dict.fromkeys(self._inconclusive):
            cover = index.covering(result)
            if cover is None:
                open_.append(result)
            else:
                used.add(cover)
        self._findings = kept
        for item in past:
            self.add(EXPIRED, f"the suppression expired on {item.until}", item.location)
        for item in active:
            # A rule that was not run may be what the suppression is for.
            if item not in used and item.rules <= self._ids:
                self.add(UNUSED, f"the suppression matches no finding of {', '.join(sorted(item.rules))}", item.location)
        return LintReport(
            findings=in_order(self._findings),
            suppressed=tuple(sorted(aside, key=lambda pair: pair[0].order)),
            inconclusive=inconclusive_in_order(open_),
            subjects=subjects,
        )

    def _severity(self, rule: Rule) -> Severity | None:
        return self._conventions.severities.get(rule.id, rule.severity)

    def _take(self, rule: Rule, verdict: Verdict, subject: Subject, *, fixable: bool = True) -> None:
        where = subject.location
        if isinstance(verdict, Inconclusive):
            location, file = self._place(subject, Location(path=where.path, span=verdict.span or where.span, construct=where.construct))
            reason = _in_step(verdict.reason, file, verdict.span)
            self._inconclusive.append(InconclusiveCheck(rule=rule.id, name=rule.name, reason=reason, location=location))
            return
        path, construct = verdict.path or where.path, verdict.construct or where.construct
        location, file = self._place(subject, Location(path=path, span=verdict.span or where.span, construct=construct))
        hint = (_is_planned(file or subject) and rule.fix_in_spec) or verdict.hint
        # A function's template may be edited, the file that was rendered may not.
        rendered = file is not None or (isinstance(subject, DockerfileSubject) and subject.planned)
        fix = verdict.fix if fixable and not rendered else None
        self.add(rule, _in_step(verdict.message, file, verdict.span), location, hint, fix)

    def _place(self, subject: Subject, location: Location) -> tuple[Location, DockerfileSubject | None]:
        """Where it is shown; with the file, where one that was rendered is meant."""
        file = subject if isinstance(subject, DockerfileSubject) else self._rendered.get((location.path, location.construct))
        return (location, None) if file is None or file.place is None else (file.place, file)


def _is_planned(subject: Subject) -> bool:
    """Whether the image was made from a specification, which is then what its people change."""
    file = subject.dockerfile if isinstance(subject, FunctionSubject) else subject
    return isinstance(file, DockerfileSubject) and file.planned


def _in_step(text: str, file: DockerfileSubject | None, span: Span | None) -> str:
    step = file.step(span) if file else ""
    return f'{text}, in the step "{step}"' if step else text
