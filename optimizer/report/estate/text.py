"""The report of an estate for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from optimizer.estate.estate import Estate, EstateFunction, Group, Growth
from optimizer.model.text import printable
from optimizer.report.estate.summary import ENDING_DAYS, headline, severity_columns, summary
from optimizer.report.sizes import size_text
from optimizer.report.style import NARROW
from optimizer.report.table import fitted_table, table

_MOST = 20


def estate_as_text(estate: Estate, width: int = NARROW) -> str:
    """A summary, then repositories, owners, runtimes, rules, and what ends soon, in so many columns."""
    return "\n\n".join([textwrap.fill(headline(estate), width), *_blocks(estate, width)]) + "\n"


def growth_as_text(grown: Iterable[Growth]) -> list[str]:
    """A line for each function that has grown by more than is allowed."""
    return [
        printable(
            f"{growth.function.repository}: {growth.function.name}: its own layers are {size_text(growth.after)}, {size_text(growth.before)} before; "
            f"allowed: {growth.allowed}"
        )
        for growth in grown
    ]


def larger_as_text(large: Iterable[EstateFunction], megabytes: float) -> list[str]:
    """A line for each function that is larger than so many megabytes."""
    return [
        printable(f"{function.repository}: {function.name}: its own layers are {size_text(function.size_bytes)}; allowed: {megabytes:g} MB")
        for function in large
    ]


def _blocks(estate: Estate, width: int) -> Iterator[str]:
    lines = summary(estate)
    figures = max((len(line.figure) for line in lines), default=0)
    marks = {"bad": "!", "warn": "-", "good": " ", "plain": " "}
    below = " " * (figures + 3)
    yield "\n".join(
        textwrap.fill(f"{marks[line.state]} {line.figure:>{figures}} {printable(line.text)}", width, subsequent_indent=below)
        for line in lines
    )
    repositories = [
        (
            printable(repository.name),
            str(len(repository.functions)),
            str(sum(function.kind == "specification" for function in repository.functions)),
            *severity_columns(repository.findings),
            str(repository.known),
            str(sum(item.findings for item in repository.exemptions)),
            "not read" if repository.faults else "fails" if repository.failing else "",
        )
        for repository in estate.repositories
    ]
    header = ("repository", "functions", "specs", "errors", "warnings", "info", "known", "exempted", "")
    yield fitted_table(header, repositories, width, (0,))
    yield from _groups("owner", estate.owners(), width)
    yield from _groups("runtime", estate.runtimes(), width)
    rules = [(rule, str(count), str(where)) for rule, count, where in estate.rules()]
    if rules:
        yield _cut(table(("rule", "findings", "repositories"), rules[:_MOST]), len(rules))
    ending = [
        (str(function.runtime_ends), function.runtime, printable(function.repository), printable(function.name))
        for function in estate.ending(ENDING_DAYS)
    ]
    if ending:
        yield _cut(fitted_table(("ends", "runtime", "repository", "function"), ending[:_MOST], width, (2, 3)), len(ending))
    over = [
        (size_text(function.size_bytes), size_text(function.budget.max_bytes), printable(function.repository), printable(function.name))
        for function in estate.over_budget()
    ]
    if over:
        titles = ("own layers", "budget", "repository", "function over its budget")
        yield _cut(fitted_table(titles, over[:_MOST], width, (2, 3)), len(over))
    exemptions = [(str(item.until or "no end"), ", ".join(item.rules), item.repository, item.reason) for item in estate.exemptions()]
    if exemptions:
        rows = [tuple(map(printable, row)) for row in exemptions[:_MOST]]
        yield _cut(fitted_table(("until", "rules", "repository", "reason"), rows, width, (1, 2, 3)), len(exemptions))


def _groups(title: str, groups: Sequence[Group], width: int) -> Iterator[str]:
    rows = [
        (
            printable(group.name),
            str(group.functions),
            str(group.specifications),
            *severity_columns(group.findings),
            size_text(group.size_bytes),
        )
        for group in groups
    ]
    if rows:
        header = (title, "functions", "specs", "errors", "warnings", "info", "own layers")
        yield _cut(fitted_table(header, rows[:_MOST], width, (0,)), len(rows))


def _cut(text: str, count: int) -> str:
    return f"{text}\nand {count - _MOST} more; --format json lists all" if count > _MOST else text
