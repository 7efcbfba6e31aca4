"""An audit as one page of HTML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from optimizer.audit.audit import Audit, AuditedFunction
from optimizer.audit.inventory import title
from optimizer.audit.storage import PlaceStorage, largest
from optimizer.linting.report import LintReport
from optimizer.report.audit.data import runtime_of
from optimizer.report.audit.summary import headline, money, partial_text, summary, worst_first
from optimizer.report.pages import Cell, bar, cards, escaped, more, numbers, page, table
from optimizer.report.sizes import size_text

_MOST = 500
_MOST_BARS = 30


def audit_as_html(audit: Audit, report: LintReport) -> str:
    """The page; names that anybody may choose are escaped."""
    return page(f"Image functions, {audit.now.date()}", _body(audit, report))


def _body(audit: Audit, report: LintReport) -> Iterator[str]:
    yield f"<h1>Image functions, {audit.now.date()}</h1>"
    yield f'<p class="soft">{escaped(headline(audit))}</p>'
    if gaps := partial_text(audit):
        items = "".join(f"<li>{escaped(line)}</li>" for line in gaps)
        yield f'<div class="partial"><b>Partial: the figures lack what could not be read</b><ul>{items}</ul></div>'
    yield cards(summary(audit, report))
    yield from _storage(audit)
    for place in audit.storage:
        yield from _matrix(place, len(audit.storage) > 1)
    yield from _ages(audit)
    yield from _functions(audit)
    yield from _dangers(audit)
    yield from _findings(report)
    prices = audit.prices
    yield (
        f'<p class="soft">Prices: {escaped(prices.region)} of {escaped(prices.as_of)}; those of SnapStart are as reported by others, not by AWS\'s own page. '
        "Sizes are compressed layers and configurations; 1 GB is 10<sup>9</sup> bytes.</p>"
    )


def _storage(audit: Audit) -> Iterator[str]:
    owners = {(item.place, item.name): item.owner for item in audit.inventory.repositories}
    held = [(place.place, name, item) for place in audit.storage for name, item in place.repositories.items()]
    if not held:
        return
    if any(owners.values()):
        sums: dict[str, tuple[int, int]] = {}
        for place, name, item in held:
            only, more = sums.get(owners[place, name] or "no owner", (0, 0))
            sums[owners[place, name] or "no owner"] = (only + item.stored - item.elsewhere, more + item.elsewhere)
        yield from _bars("Storage by owner", [(name, only, more) for name, (only, more) in sums.items()], audit)
    rows = [(name, item.stored - item.elsewhere, item.elsewhere) for _, name, item in held]
    yield from _bars("Storage by repository", rows, audit)
    yield table(
        ("repository", "images", "stored", "also elsewhere", "images unused", "bytes unused", "a month"),
        [
            [
                (name, "name"),
                *numbers(
                    str(item.images),
                    size_text(item.stored),
                    size_text(item.elsewhere),
                    str(item.unused),
                    size_text(item.unused_bytes),
                    money(audit.prices.storage(item.stored)),
                ),
            ]
            for _, name, item in sorted(held, key=lambda row: (-row[2].stored, row[1]))
        ],
    )


def _bars(heading: str, rows: Iterable[tuple[str, int, int]], audit: Audit) -> Iterator[str]:
    ordered = sorted(rows, key=lambda row: (-row[1] - row[2], row[0]))
    widest = max((only + both for _, only, both in ordered), default=0) or 1
    yield f"<h2>{heading}</h2>"
    yield '<p class="soft"><span class="key one"></span>only here<span class="key two"></span>in another repository too</p>'
    for name, only, both in ordered[:_MOST_BARS]:
        value = f"{size_text(only + both)}, {money(audit.prices.storage(only + both))}"
        yield bar(name, only / widest, both / widest, value)
    yield more(len(ordered), _MOST_BARS)


def _matrix(place: PlaceStorage, named: bool) -> Iterator[str]:
    shared = {frozenset((pair.first, pair.second)): pair.size for pair in place.overlaps}
    names = [name for name in largest(place.repositories) if any(name in pair for pair in shared)]
    if len(names) < 2:
        return
    yield f"<h2>Layers that repositories share{escaped(f', {title(place.place)}') if named else ''}</h2>"
    yield '<p class="soft">Bytes that both of two repositories store; the stronger the colour, the larger the part of the smaller one.</p>'
    head = "".join(f"<th>{number}</th>" for number in range(1, len(names) + 1))
    yield f'<div class="scroll"><table class="matrix"><tr><th class="name"></th>{head}</tr>'
    for number, first in enumerate(names, 1):
        cells = []
        for second in names:
            size = place.repositories[first].stored if first == second else shared.get(frozenset((first, second)), 0)
            smaller = min(place.repositories[name].stored for name in (first, second)) or 1
            share = 0 if first == second else round(45 * size / smaller)
            cells.append(
                f'<td style="--share: {share}%" title="{escaped(first)}, {escaped(second)}">{size_text(size) if size else ""}</td>'
            )
        yield f'<tr><th class="name">{number} {escaped(first)}</th>{"".join(cells)}</tr>'
    yield "</table></div>"


def _ages(audit: Audit) -> Iterator[str]:
    most = max((group.used + group.unused for group in audit.ages), default=0)
    if not most:
        return
    yield "<h2>Age of images</h2>"
    yield '<p class="soft"><span class="key one"></span>run by a version<span class="key two"></span>run by none</p>'
    for group in audit.ages:
        span = f"{group.since} to {group.until} days" if group.until else f"{group.since} days and more"
        yield bar(span, group.used / most, group.unused / most, f"{group.used} and {group.unused}")


def _functions(audit: Audit) -> Iterator[str]:
    if not audit.functions:
        return
    yield "<h2>Functions</h2>"
    ordered = sorted(audit.functions, key=lambda item: (str(runtime_of(item.latest.base)[1] or "9"), -(item.latest.size or 0), item.name))
    header = (
        "function",
        "owner",
        "base",
        "base of",
        "runtime ends",
        "size",
        "architecture",
        "SnapStart",
        "versions kept",
        "snapshots a month",
    )
    yield table(header, [_function(item) for item in ordered[:_MOST]]) + more(len(ordered), _MOST)


def _function(item: AuditedFunction) -> list[Cell]:
    latest = item.latest
    runtime, end = runtime_of(latest.base)
    base = runtime or (latest.base.digest[:19] if latest.base else "unknown")
    snapstart = (latest.version.properties.get("SnapStart") or {}).get("ApplyOn") == "PublishedVersions"
    return [
        (item.name, "name"),
        latest.version.owner,
        (base, "w"),
        (str(latest.base.date) if latest.base and latest.base.date else "-", "w"),
        (str(end or "-"), "w"),
        *numbers(size_text(latest.size)),
        latest.version.architecture,
        "on" if snapstart else "off",
        *numbers(str(item.published), money(item.snapshot_cost) if item.snapshots else "-"),
    ]


def _dangers(audit: Audit) -> Iterator[str]:
    broken = [[(item.version.name, "name"), item.state, (f"{item.key[1]}@{item.key[2][:19]}", "name")] for item in audit.broken if item.key]
    if broken:
        yield (
            "<h2>Versions that cannot fetch their image</h2>"
            + table(("version", "image", "name"), broken[:_MOST])
            + more(len(broken), _MOST)
        )
    taken: list[list[Cell]] = []
    for item in audit.endangered[:_MOST]:
        due = "at once" if item.taken.is_due(audit.now) else str(item.taken.due.date()) if item.taken.due else "-"
        users = ", ".join(sorted({version.function for version in item.users}))
        taken.append([(item.repository.name, "name"), item.image.digest[:19], item.taken.rule, item.taken.action, due, (users, "name")])
    if taken:
        header = ("repository", "image", "rule", "action", "due", "functions")
        yield "<h2>Images in use that fall to a life-cycle rule</h2>" + table(header, taken) + more(len(audit.endangered), _MOST)
    if audit.vulnerable:
        rows: list[list[Cell]] = [
            [item.digest[:19], item.kind, (", ".join(sorted({version.function for version in item.versions})) or "-", "name")]
            for item in audit.vulnerable[:_MOST]
        ]
        yield "<h2>Vulnerable digests</h2>" + table(("digest", "what", "functions"), rows) + more(len(audit.vulnerable), _MOST)


def _findings(report: LintReport) -> Iterator[str]:
    if not report.findings:
        return
    rows: list[list[Cell]] = [
        [
            finding.severity.value,
            f"{finding.rule} {finding.name}",
            (str(finding.location) + (f" and {len(finding.also)} more" if finding.also else ""), "name"),
            finding.message,
            finding.hint,
        ]
        for finding in worst_first(report)[:_MOST]
    ]
    yield "<h2>Findings of the rules</h2>" + table(("severity", "rule", "where", "what", "fix"), rows) + more(len(report.findings), _MOST)
