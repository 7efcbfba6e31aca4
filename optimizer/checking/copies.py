"""Dockerfiles of a project that a synthesized app holds copies of: one file, though both are read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace

from optimizer.adapters.files import read_bounded
from optimizer.checking.group import Group
from optimizer.linting.finding import Finding
from optimizer.linting.report import LintReport
from optimizer.linting.subjects import AppSubject

_LARGEST = 1_000_000
"""Bytes of a Dockerfile that is compared."""


def copied_files(groups: Iterable[Group]) -> Mapping[str, str]:
    """Normal paths of the Dockerfiles in the assets of apps, each with that of the file in the project that has the same bytes.

    Each file of the project stands for one copy: where several are equal, as
    many are left over as the apps lack.  Generated files are no copies.
    """
    groups = list(groups)
    originals: dict[bytes, list[str]] = {}
    for path in sorted({_normal(path) for group in groups for path in group.files}, reverse=True):
        data = read_bounded(path, _LARGEST)
        if data is not None:
            originals.setdefault(data, []).append(path)
    found: dict[str, str] = {}
    for path in sorted({_normal(path) for group in groups for path in _in_assets(group)}):
        data = read_bounded(path, _LARGEST)
        if data is not None and originals.get(data):
            found[path] = originals[data].pop()
    return found


def without_copies(report: LintReport, copies: Mapping[str, str]) -> LintReport:
    """The report without what is found in a copy and in the file that it is a copy of: it is fixed once."""
    everything = (*report.findings, *report.known, *(finding for finding, _ in report.suppressed))
    there = {_key(finding, _normal(finding.location.path)) for finding in everything}

    def stays(finding: Finding) -> bool:
        original = copies.get(_normal(finding.location.path))
        return original is None or _key(finding, original) not in there

    return replace(
        report,
        findings=tuple(filter(stays, report.findings)),
        known=tuple(filter(stays, report.known)),
        suppressed=tuple((finding, suppression) for finding, suppression in report.suppressed if stays(finding)),
    )


def _in_assets(group: Group) -> Iterable[str]:
    for source in group.sources:
        for subject in source.subjects:
            for declared in subject.functions if isinstance(subject, AppSubject) else ():
                if declared.dockerfile is not None and not declared.dockerfile.planned:
                    yield declared.dockerfile.path


def _key(finding: Finding, path: str) -> tuple[object, ...]:
    return finding.rule, path, finding.location.span


def _normal(path: str) -> str:
    return os.path.normpath(path) if path else ""
