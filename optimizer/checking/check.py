"""The report of subjects under their conventions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from optimizer.adapters.dockerfiles import load_dockerfile
from optimizer.adapters.tree import Source
from optimizer.checking.group import Group
from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import lint, set_aside
from optimizer.linting.finding import Location, Severity
from optimizer.linting.report import LintReport, folded, merged
from optimizer.linting.rule import Family, Rule, newer_rules
from optimizer.linting.rules import RULES
from optimizer.linting.subjects import AppSubject, DockerfileSubject, Subject

PARALLEL_FROM = 200
"""From so many files on a second process saves a fifth of the time; at half as many it hardly pays for its start (benchmarks/lint.py)."""


def check_all(groups: Sequence[Group], fail_on: Severity, *, processes: int = 1) -> LintReport:
    """The report of several groups, with findings that differ in nothing but their construct as one.

    ``fail_on`` is the severity that fails what is found elsewhere, such as in a baseline.
    """
    report = merged(folded(check(group, processes=processes)) for group in groups)
    return replace(report, fail_on=fail_on)


def check(group: Group, *, processes: int = 1) -> LintReport:
    """What the rules of the group's conventions find, after every suppression.

    The report knows at which severity a finding fails.  ``processes`` is how
    many may read and judge many files.
    """
    conventions, rules = group.conventions, group.rules
    reports = [_source(source, group, rules) for source in group.sources if source.generated]
    if group.files or group.templates:
        reports.append(_tree(group, rules, processes))
    looked_at = [Location(path=path) for path in group.files]
    looked_at += [location for source in group.sources for location in source.locations]
    report = suppressed(merged(reports), group, looked_at)
    paths = group.paths | {finding.location.path for finding in report.findings}
    newer = tuple(rule.id for rule in newer_rules(conventions, group.known))
    return replace(report, thresholds=dict.fromkeys(sorted(paths), conventions.fail_on), newer=newer)


def suppressed(report: LintReport, group: Group, looked_at: Iterable[Location] = ()) -> LintReport:
    """The report after the suppressions of the configuration."""
    return set_aside(report, group.conventions, rules=group.rules, looked_at=looked_at, relative=group.scoped.relative)


def _source(source: Source, group: Group, rules: Sequence[Rule]) -> LintReport:
    report = lint(
        source.subjects,
        group.conventions,
        rules=rules,
        known=group.known,
        suppressions=source.suppressions,
        malformed=source.malformed,
    )
    # What is made is not edited: the next synthesis would undo it.
    return replace(report, findings=tuple(replace(finding, fix=None) for finding in report.findings))


def _tree(group: Group, rules: Sequence[Rule], processes: int) -> LintReport:
    """The Dockerfiles and templates of a tree, and all of them together as one app."""
    conventions, files = group.conventions, group.files
    declared = [item for source in group.templates for item in source.subjects]
    processes = min(processes, len(files) // (PARALLEL_FROM // 2))
    # Another process knows only the rules that come with this package.
    if processes < 2 or not set(rules) <= set(RULES):
        return _together([*_loaded(files, conventions), *declared], conventions, rules, group.known)
    # Imported here, because a small tree never needs it.
    from concurrent.futures import ProcessPoolExecutor

    # Rules about the findings of others are in both, and equal findings are one.
    alone = [rule for rule in rules if rule.app is None]
    together = [rule for rule in rules if rule.app is not None or rule.family is Family.LINT]
    # This process reads all files, to judge them together, and so judges fewer of them one by one.
    workers = processes - 1
    mine = range(0, len(files), 3) if workers == 1 else range(0)
    theirs = [path for number, path in enumerate(files) if number not in mine]
    parts = [theirs[index::workers] for index in range(workers)]
    with ProcessPoolExecutor(workers) as pool:
        waiting = pool.map(_files, parts, [conventions] * workers, [[rule.id for rule in alone]] * workers)
        subjects = [*_loaded(files, conventions), *declared]
        reports = [_together(subjects, conventions, together, RULES)]
        reports.append(lint([*(subjects[number] for number in mine), *declared], conventions, rules=alone))
        return replace(merged([*reports, *waiting]), subjects=len(subjects))


def _loaded(files: Iterable[str], conventions: Conventions) -> Iterator[DockerfileSubject]:
    return (load_dockerfile(path, mirror=conventions.mirror) for path in files)


def _together(subjects: Sequence[Subject], conventions: Conventions, rules: Sequence[Rule], known: Sequence[Rule]) -> LintReport:
    """The report of subjects of one tree, which counts the tree itself as none of them."""
    tree = AppSubject(location=Location(), dockerfiles=[item for item in subjects if isinstance(item, DockerfileSubject)])
    # A template is no app of its own: what is shared is shared over the tree.
    parts = [replace(item, dockerfiles=()) if isinstance(item, AppSubject) else item for item in subjects]
    return replace(lint([*parts, tree], conventions, rules=rules, known=known), subjects=len(parts))


def _files(files: Sequence[str], conventions: Conventions, ids: Sequence[str]) -> LintReport:
    """The report of the files; arguments and result are such that another process can have them."""
    rules = [rule for rule in RULES if rule.id in ids]
    return merged(lint([subject], conventions, rules=rules) for subject in _loaded(files, conventions))
