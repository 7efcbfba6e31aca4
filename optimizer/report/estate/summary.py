"""An estate in a few sentences."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping

from optimizer.estate.estate import NOBODY, Estate
from optimizer.linting.finding import Severity
from optimizer.report.counts import counted
from optimizer.report.summary_line import Line

ENDING_DAYS = 180
EXEMPTION_DAYS = 30


def headline(estate: Estate) -> str:
    """What was looked at, in one sentence."""
    functions = estate.functions
    declared = sum(function.kind == "specification" for function in functions)
    return (
        f"{counted(len(functions), 'image function')} in {counted(len(estate.repositories), 'repository')}; "
        f"{declared} by specifications, {sum(function.kind == 'dockerfile' for function in functions)} by Dockerfiles, "
        f"{sum(function.kind == 'image' for function in functions)} of images built elsewhere"
    )


def severity_columns(findings: Mapping[Severity, int]) -> tuple[str, ...]:
    """How many findings have each severity, as cells of a table, the gravest first."""
    return tuple(str(findings.get(severity, 0)) for severity in Severity)


def summary(estate: Estate) -> list[Line]:
    """The most urgent first."""
    return [
        *_unread(estate),
        *_failing(estate),
        *_over_budget(estate),
        *_ending(estate),
        *_unpinned(estate),
        *_exemptions(estate),
        *_owners(estate),
    ]


def _unread(estate: Estate) -> Iterator[Line]:
    unread = [repository.name for repository in estate.repositories if repository.faults]
    if unread:
        text = f"that could not be read, missing in all figures: {', '.join(unread)}"
        yield Line.of(len(unread), "repository", "repositories", text, "bad")


def _failing(estate: Estate) -> Iterator[Line]:
    counts = ", ".join(f"{estate.count(severity)} {severity.value}" for severity in Severity)
    total = sum(estate.count(severity) for severity in Severity)
    failing = sum(bool(repository.failing) for repository in estate.repositories)
    known = sum(repository.known for repository in estate.repositories)
    text = f"({counts}), {known} more known; the own lint fails in {failing} of {counted(len(estate.repositories), 'repository')}"
    yield Line.of(total, "finding", "findings", text, "bad" if failing else "warn" if total else "good")


def _over_budget(estate: Estate) -> Iterator[Line]:
    if over := estate.over_budget():
        yield Line.of(len(over), "function", "functions", "whose own layers are over their budget", "bad")


def _ending(estate: Estate) -> Iterator[Line]:
    ending = estate.ending(ENDING_DAYS)
    past = sum(function.runtime_ends is not None and function.runtime_ends <= estate.day for function in ending)
    if past:
        yield Line.of(past, "function", "functions", "on a runtime that AWS no longer maintains", "bad")
    if len(ending) > past:
        yield Line.of(len(ending) - past, "function", "functions", f"on a runtime that ends within {ENDING_DAYS} days", "warn")
    if not ending and estate.functions:
        yield Line("0", f"known runtimes end within {ENDING_DAYS} days", "good")


def _unpinned(estate: Estate) -> Iterator[Line]:
    if unpinned := estate.unpinned():
        yield Line.of(len(unpinned), "function", "functions", "whose base is pinned by no digest", "warn")


def _exemptions(estate: Estate) -> Iterator[Line]:
    exemptions = estate.exemptions()
    if exemptions:
        soon = len(estate.exemptions(estate.day + datetime.timedelta(days=EXEMPTION_DAYS)))
        endless = sum(item.until is None for item in exemptions)
        yield Line.of(
            len(exemptions), "exemption:", "exemptions:", f"{soon} within {EXEMPTION_DAYS} days of its end, {endless} without an end"
        )


def _owners(estate: Estate) -> Iterator[Line]:
    nobody = sum(group.functions for group in estate.owners() if group.name == NOBODY)
    if nobody:
        yield Line.of(nobody, "function", "functions", "without an owner in CODEOWNERS, a tag or a label", "warn")
