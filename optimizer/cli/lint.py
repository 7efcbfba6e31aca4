"""``optimizer lint``: Dockerfiles in the tree against the conventions."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Iterable, Sequence

import click

from optimizer.adapters.dockerfiles import find_dockerfiles, load_dockerfile
from optimizer.bases.lock import Lock
from optimizer.errors import ContextError
from optimizer.lint.conventions import Conventions
from optimizer.lint.engine import LintReport, lint, merged
from optimizer.lint.finding import Severity
from optimizer.lint.rule import choose
from optimizer.lint.rules import RULES
from optimizer.report.lint import FORMATS, lint_as_text, statistics_as_text
from optimizer.settings import load_lock, load_settings

_PARALLEL_FROM = 200
"""From so many files on a second process saves a fifth of the time; at half as many it hardly pays for its start (benchmarks/lint.py)."""


@click.command(name="lint", short_help="Check Dockerfiles against the conventions.")
@click.argument("paths", metavar="PATH...", nargs=-1, type=click.Path())
@click.option("--format", "form", type=click.Choice(sorted(FORMATS)), default="text", show_default=True)
@click.option("--select", metavar="RULE,...", multiple=True, help="Run only these: ids, starts of ids such as LIO3, names, families.")
@click.option("--ignore", metavar="RULE,...", multiple=True, help="Do not run these.")
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    default=Severity.WARNING.value,
    show_default=True,
    help="Exit with 1 for a finding as grave as this.",
)
@click.option("--statistics", is_flag=True, help="Print how often each rule was broken, instead of the findings.")
def command(paths: Sequence[str], form: str, select: Sequence[str], ignore: Sequence[str], fail_on: str, statistics: bool) -> None:
    """Check the Dockerfiles at, and below, each PATH.

    In a directory these are the files named Dockerfile, Dockerfile.*,
    *.Dockerfile, and the same with Containerfile. Exits with 0 when all is
    well, 1 with findings, and 2 for wrong usage or input.
    """
    if not paths:
        raise click.UsageError("no path is given\n  hint: name a Dockerfile or a directory, for example: optimizer lint .")
    rules = choose(RULES, _words(select), _words(ignore))
    files = list(find_dockerfiles(paths))
    if not files:
        raise ContextError("there is no Dockerfile under the paths", ", ".join(paths), "name the file itself if it has another name")
    report = _lint(files, datetime.date.today(), [rule.id for rule in rules])
    if statistics:
        click.echo(statistics_as_text(report), nl=False)
    else:
        click.echo(lint_as_text(report, colour=_colour()) if form == "text" else FORMATS[form](report), nl=False)
    sys.exit(1 if report.failing(Severity(fail_on)) else 0)


def _words(options: Iterable[str]) -> list[str]:
    return [word.strip() for option in options for word in option.split(",") if word.strip()]


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _lint(files: Sequence[str], today: datetime.date, ids: Sequence[str]) -> LintReport:
    processes = min(os.cpu_count() or 1, len(files) // (_PARALLEL_FROM // 2))
    if processes < 2:
        return _lint_files(files, today, ids)
    # Imported here, because a small tree never needs it.
    from concurrent.futures import ProcessPoolExecutor

    parts = [files[index::processes] for index in range(processes)]
    with ProcessPoolExecutor(processes) as pool:
        return merged(pool.map(_lint_files, parts, [today] * processes, [ids] * processes))


def _lint_files(files: Sequence[str], today: datetime.date, ids: Sequence[str]) -> LintReport:
    """The report of the files; arguments and result are such that another process can have them."""
    settings = load_settings(".")
    # Reading the lock costs more than checking a file, and many trees have none.
    lock = load_lock(settings.lock) if settings.lock.exists() else Lock()
    conventions = Conventions(today=today, mirror=settings.mirror, lock=lock)
    rules = [rule for rule in RULES if rule.id in ids]
    return merged(lint([load_dockerfile(path, mirror=conventions.mirror)], conventions, rules=rules) for path in files)
