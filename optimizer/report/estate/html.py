"""The report of an estate as one page of HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.estate.estate import Estate, EstateFunction, Group
from optimizer.report.estate.summary import headline, severity_columns, summary
from optimizer.report.pages import Cell, bar, cards, escaped, more, numbers, page, table
from optimizer.report.sizes import size_text

_MOST = 1000
_MOST_BARS = 40


def estate_as_html(estate: Estate) -> str:
    """The page; names that anybody may choose are escaped."""
    return page(f"Image functions by repository, {estate.day}", _body(estate))


def _body(estate: Estate) -> Iterator[str]:
    yield f"<h1>Image functions by repository, {estate.day}</h1>"
    yield f'<p class="soft">{escaped(headline(estate))}</p>'
    faults = [f"{repository.name}: {fault}" for repository in estate.repositories for fault in repository.faults]
    if faults:
        items = "".join(f"<li>{escaped(fault)}</li>" for fault in faults)
        yield f'<div class="partial"><b>Partial: these repositories could not be read</b><ul>{items}</ul></div>'
    yield cards(summary(estate))
    if notes := [f"{repository.name}: {note}" for repository in estate.repositories for note in repository.notes]:
        items = "".join(f"<li>{escaped(note)}</li>" for note in notes[:_MOST_BARS])
        yield f'<h2>What is missing</h2><ul class="soft">{items}</ul>{more(len(notes), _MOST_BARS)}'
    yield from _bars("Functions by owner", estate.owners())
    yield from _bars("Functions by runtime", estate.runtimes())
    yield "<h2>Repositories</h2>"
    yield table(
        ("repository", "functions", "by specification", "errors", "warnings", "info", "known", "exempted", "own lint"),
        [
            [
                (repository.name, "name"),
                *numbers(
                    str(len(repository.functions)),
                    str(sum(function.kind == "specification" for function in repository.functions)),
                    *severity_columns(repository.findings),
                    str(repository.known),
                    str(sum(item.findings for item in repository.exemptions)),
                ),
                "not read" if repository.faults else "fails" if repository.failing else "passes",
            ]
            for repository in estate.repositories
        ],
    )
    yield from _rules(estate)
    yield from _exemptions(estate)
    yield from _functions(estate.functions)
    yield (
        '<p class="soft">Sizes are what is known of the layers above the base: packed files, downloads that a lock tells, and measured '
        "evidence; with + more is unknown.</p>"
    )


def _bars(heading: str, groups: Sequence[Group]) -> Iterator[str]:
    most = max((group.functions for group in groups), default=0)
    if not most:
        return
    yield f"<h2>{heading}</h2>"
    yield '<p class="soft"><span class="key one"></span>by a specification<span class="key two"></span>in another way</p>'
    for group in groups[:_MOST_BARS]:
        other = group.functions - group.specifications
        yield bar(group.name, group.specifications / most, other / most, f"{group.specifications} of {group.functions}")
    yield more(len(groups), _MOST_BARS)


def _rules(estate: Estate) -> Iterator[str]:
    rules = estate.rules()
    if rules:
        yield "<h2>Findings by rule</h2>"
        yield table(("rule", "findings", "repositories"), [[rule, *numbers(str(count), str(where))] for rule, count, where in rules])


def _exemptions(estate: Estate) -> Iterator[str]:
    found = estate.exemptions()
    if found:
        rows: list[list[Cell]] = [
            [
                (str(item.until or "no end"), "w"),
                ", ".join(item.rules),
                (item.repository, "name"),
                (item.place, "name"),
                item.reason,
                *numbers(str(item.findings)),
            ]
            for item in found[:_MOST]
        ]
        yield "<h2>Exemptions</h2>" + table(("until", "rules", "repository", "where", "reason", "findings"), rows) + more(len(found), _MOST)


def _functions(functions: Sequence[EstateFunction]) -> Iterator[str]:
    if not functions:
        return
    header = (
        "repository",
        "function",
        "owner",
        "declared by",
        "runtime",
        "ends",
        "architecture",
        "base",
        "pinned on",
        "own layers",
        "findings",
        "known",
        "exempted",
    )
    yield "<h2>Functions</h2>" + table(header, [_row(function) for function in functions[:_MOST]]) + more(len(functions), _MOST)


def _row(function: EstateFunction) -> list[Cell]:
    base = f"{function.base}@{function.base_digest[:19]}" if function.base_digest else function.base
    plus = "" if function.size_is_whole or function.size_bytes is None else " +"
    limit = f" of {size_text(function.budget.max_bytes)}" if function.budget.max_bytes is not None else ""
    return [
        (function.repository, "name"),
        (function.name, "name"),
        " ".join(function.owners) or "-",
        function.kind,
        (function.runtime or "-", "w"),
        (str(function.runtime_ends or "-"), "w"),
        function.architecture or "-",
        (base or "-", "name"),
        (str(function.base_pinned or "-"), "w"),
        *numbers(
            f"{size_text(function.size_bytes)}{plus}{limit}",
            str(sum(function.findings.values())),
            str(function.known),
            str(function.exempted),
        ),
    ]
