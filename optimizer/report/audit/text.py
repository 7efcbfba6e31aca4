"""An audit for a terminal, the summary first."""

from __future__ import annotations

import datetime
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from optimizer.audit.audit import Audit, AuditedFunction
from optimizer.linting.report import LintReport
from optimizer.model.text import printable
from optimizer.report.audit.data import runtime_of
from optimizer.report.audit.summary import headline, money, partial_text, summary, worst_first
from optimizer.report.sizes import size_text
from optimizer.report.style import NARROW
from optimizer.report.table import fitted_table

_MOST = 20


def audit_as_text(audit: Audit, report: LintReport, width: int = NARROW) -> str:
    """The summary, and tables of what is worst, each of a few rows, in so many columns."""
    return "\n\n".join(block for block in _blocks(audit, report, width) if block) + "\n"


def _blocks(audit: Audit, report: LintReport, width: int) -> Iterator[str]:
    gaps = partial_text(audit)
    if gaps:
        yield _wrapped("PARTIAL: the figures lack what could not be read", gaps, width)
    yield "\n".join(textwrap.wrap(headline(audit), width))
    lines = summary(audit, report)
    figures = max(len(line.figure) for line in lines)
    yield "\n".join(
        textwrap.fill(line.text, width, initial_indent=f"  {line.figure:>{figures}}  ", subsequent_indent=" " * (figures + 4))
        for line in lines
    )
    yield _titled("Functions", _functions(audit, width))
    yield _titled("Repositories", _repositories(audit, width))
    yield _titled("Images that versions cannot fetch", _broken(audit, width))
    yield _titled("Images in use that fall to a life-cycle rule", _endangered(audit, width))
    yield _titled("Vulnerable digests", _vulnerable(audit, width))
    yield _findings(report, width)
    prices = audit.prices
    yield _wrapped(
        "", [f"Prices: {prices.region} of {prices.as_of}; those of SnapStart are as reported by others, not by AWS's own page."], width
    ).strip()


def _functions(audit: Audit, width: int) -> str:
    # What ends first, then the largest.
    ordered = sorted(audit.functions, key=lambda item: (str(_until(item) or "9"), -(item.latest.size or 0), item.name))
    rows = [
        [printable(item.name), _base(item), _age(item, audit), str(_until(item) or "-"), size_text(item.latest.size), str(item.published)]
        for item in ordered
    ]
    return _table(("function", "base", "age", "ends", "size", "kept"), rows, width, (0, 1))


def _base(item: AuditedFunction) -> str:
    base = item.latest.base
    if base is None:
        return "unknown"
    name = runtime_of(base)[0] or (base.reference.repository.rpartition("/")[2] if base.reference else base.digest[7:19])
    return printable(name)


def _age(item: AuditedFunction, audit: Audit) -> str:
    base = item.latest.base
    return f"{(audit.now.date() - base.date).days} d" if base and base.date else "-"


def _until(item: AuditedFunction) -> datetime.date | None:
    return runtime_of(item.latest.base)[1]


def _repositories(audit: Audit, width: int) -> str:
    rows = sorted(
        (
            (
                held.stored,
                [
                    printable(name),
                    str(held.images),
                    size_text(held.stored),
                    size_text(held.elsewhere),
                    size_text(held.unused_bytes),
                    money(audit.prices.storage(held.stored)),
                ],
            )
            for place in audit.storage
            for name, held in place.repositories.items()
        ),
        key=lambda row: (-row[0], row[1]),
    )
    return _table(("repository", "images", "stored", "elsewhere", "unused", "a month"), [row for _, row in rows], width, (0,))


def _broken(audit: Audit, width: int) -> str:
    rows = [
        [printable(item.version.name), item.state, printable(f"{item.key[1]}@{item.key[2][7:19]}")] for item in audit.broken if item.key
    ]
    return _table(("version", "image", "name"), rows, width, (0, 2))


def _endangered(audit: Audit, width: int) -> str:
    rows = []
    for item in audit.endangered:
        due = "at once" if item.taken.is_due(audit.now) else str(item.taken.due.date()) if item.taken.due else "-"
        names = sorted({version.function for version in item.users})
        rows.append([printable(item.repository.name), item.image.digest[7:19], item.taken.action, due, printable(_first(names))])
    return _table(("repository", "image", "action", "due", "functions"), rows, width, (0, 4))


def _vulnerable(audit: Audit, width: int) -> str:
    rows = [
        [
            item.digest.removeprefix("sha256:")[:12],
            item.kind,
            printable(_first(sorted({version.function for version in item.versions})) or "-"),
        ]
        for item in audit.vulnerable
    ]
    return _table(("digest", "what", "functions"), rows, width, (2,))


def _findings(report: LintReport, width: int) -> str:
    lines = []
    for finding in worst_first(report)[:_MOST]:
        more = f" and {len(finding.also)} more" if finding.also else ""
        lines.append(f"{finding.severity.value} {finding.rule} {finding.name}: {finding.location}{more}: {finding.message}")
    lines += _more(len(report.findings))
    return _wrapped("Findings", lines, width) if lines else ""


def _first(names: Sequence[str]) -> str:
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else "".join(names)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], width: int, shrinkable: Sequence[int]) -> str:
    return (
        "\n".join([fitted_table(header, rows[:_MOST], width, shrinkable, "  "), *(f"  {line}" for line in _more(len(rows)))])
        if rows
        else ""
    )


def _more(count: int) -> list[str]:
    return [f"and {count - _MOST} more; --format json lists all"] if count > _MOST else []


def _titled(title: str, body: str) -> str:
    return f"{title}\n{body}" if body else ""


def _wrapped(title: str, lines: Iterable[str], width: int) -> str:
    shown = (textwrap.fill(printable(line), width, initial_indent="  ", subsequent_indent="    ") for line in lines)
    return "\n".join([title, *shown])
