"""An audit in a few sentences, for somebody with ten seconds."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from optimizer.audit.audit import Audit
from optimizer.linting.finding import Finding, Severity
from optimizer.linting.report import LintReport
from optimizer.report.audit.data import runtime_of
from optimizer.report.counts import counted
from optimizer.report.sizes import size_text
from optimizer.report.summary_line import Line, State

SOON_DAYS = 180


def summary(audit: Audit, report: LintReport) -> list[Line]:
    """The most urgent first; what is as it should be is said too."""
    return [
        *_broken(audit),
        *_vulnerable(audit),
        *_endangered(audit),
        *_runtimes(audit),
        *_storage(audit),
        *_unused(audit),
        *_snapshots(audit),
        *_findings(report),
    ]


def headline(audit: Audit) -> str:
    """What was looked at, in one sentence."""
    places = audit.inventory.places
    images = sum(held.images for place in audit.storage for held in place.repositories.values())
    versions = sum(len(function.versions) for function in audit.functions)
    archives = sum(place.zip_functions for place in places)
    repositories = sum(len(place.repositories) for place in places)
    return (
        f"{counted(len(audit.functions), 'image function')} with {counted(versions, 'version')}, "
        f"{counted(images, 'image')} in {counted(repositories, 'repository')}, "
        f"in {counted(len(places), 'account and Region', 'accounts and Regions')}; {counted(archives, 'zip function')} left out"
    )


def money(amount: float) -> str:
    """Dollars for people."""
    return f"${amount:,.2f}"


def partial_text(audit: Audit) -> Sequence[str]:
    """What is lacking and why, a line for each gap; empty for a whole report."""
    return [
        f"{gap.what} ({gap.place.account}, {gap.place.region}): "
        + (
            f"no permission for {gap.action}"
            if gap.kind == "permission"
            else f"{gap.action} was {'throttled' if gap.kind == 'throttled' else 'not answered'}"
        )
        + f": {gap.reason}"
        for gap in audit.inventory.gaps
    ]


def worst_first(report: LintReport) -> list[Finding]:
    """The findings by severity, and in their order within one."""
    return sorted(report.findings, key=lambda finding: finding.severity.rank)


def _broken(audit: Audit) -> Iterator[Line]:
    states = [item.state for item in audit.broken]
    if states:
        parts = [
            f"{states.count(state)} {words}"
            for state, words in (("gone", "gone"), ("archived", "in the archive"), ("index", "an index"))
            if state in states
        ]
        yield Line.of(
            len(states), "function version cannot fetch its image:", "function versions cannot fetch their image:", ", ".join(parts), "bad"
        )
    unknown = sum(item.state == "unknown" for function in audit.functions for item in function.versions)
    if unknown:
        yield Line.of(unknown, "function version", "function versions", "whose image lies where nothing was read", "warn")
    if not states and not unknown and audit.functions:
        yield Line("0", "function versions lack their image", "good")


def _vulnerable(audit: Audit) -> Iterator[Line]:
    if not audit.vulnerable:
        return
    functions = {(version.place, version.function) for item in audit.vulnerable for version in item.versions}
    lost = sum(item.kind == "not found" for item in audit.vulnerable)
    text = f"a vulnerable digest; {counted(len(audit.vulnerable), 'digest')} named" + (f", {lost} not found" if lost else "")
    yield Line.of(len(functions), "function carries", "functions carry", text, "bad" if functions else "good")


def _endangered(audit: Audit) -> Iterator[Line]:
    if not audit.endangered:
        return
    now = sum(item.taken.is_due(audit.now) for item in audit.endangered)
    later = len(audit.endangered) - now
    parts = [f"{now} within a day"] if now else []
    parts += [f"{later} later"] if later else []
    text = f"to a life-cycle rule: {', '.join(parts)}"
    yield Line.of(len(audit.endangered), "image in use falls", "images in use fall", text, "bad" if now else "warn")


def _runtimes(audit: Audit) -> Iterator[Line]:
    if not audit.functions:
        return
    today = audit.now.date()
    soon = today + datetime.timedelta(days=SOON_DAYS)
    dates = [runtime_of(function.latest.base)[1] for function in audit.functions]
    past = sum(date is not None and date <= today for date in dates)
    near = sum(date is not None and today < date <= soon for date in dates)
    if past:
        yield Line.of(past, "function", "functions", "on a runtime that AWS no longer maintains", "bad")
    if near:
        yield Line.of(near, "function", "functions", f"on a runtime that ends within {SOON_DAYS} days", "warn")
    unknown = sum(function.latest.base is None for function in audit.functions)
    if unknown:
        yield Line.of(unknown, "function", "functions", "whose base image is unknown")
    if not past and not near and unknown < len(audit.functions):
        yield Line("0", f"known runtimes end within {SOON_DAYS} days", "good")


def _storage(audit: Audit) -> Iterator[Line]:
    stored, one = audit.stored, audit.one
    yield Line(size_text(stored), f"stored, for {money(audit.prices.storage(stored))} a month")
    if stored > one:
        share = 100 * (stored - one) // stored
        mounted = any(place.blob_mounting for place in audit.inventory.places)
        text = f"of it more than once ({share} %): one repository would keep {size_text(one)}, for {money(audit.prices.storage(one))}"
        yield Line(size_text(stored - one), text + ("; less where blob mounting shares layers already" if mounted else ""), "warn")


def _unused(audit: Audit) -> Iterator[Line]:
    held = [item for place in audit.storage for item in place.repositories.values()]
    count, size = sum(item.unused for item in held), sum(item.unused_bytes for item in held)
    if count:
        text = f"run by no function version: {size_text(size)}, {money(audit.prices.storage(size))} a month"
        yield Line.of(count, "image", "images", text, "warn")


def _snapshots(audit: Audit) -> Iterator[Line]:
    count = sum(function.snapshots for function in audit.functions)
    if count:
        cost = sum(function.snapshot_cost for function in audit.functions)
        yield Line.of(count, "SnapStart snapshot", "SnapStart snapshots", f"kept, for about {money(cost)} a month beside restores")


def _findings(report: LintReport) -> Iterator[Line]:
    counts = [(report.count(severity), severity.value) for severity in Severity]
    if any(count for count, _ in counts):
        text = ", ".join(f"{count} {word}" for count, word in counts if count)
        state: State = "bad" if report.count(Severity.ERROR) else "warn"
        yield Line.of(sum(count for count, _ in counts), "finding", "findings", f"of the rules: {text}", state)
