"""``optimizer report``: the image functions of many repositories."""

from __future__ import annotations

import os
from pathlib import Path

import click

from optimizer.checking.estate import read_estate
from optimizer.cli.options import quiet_option, text_width
from optimizer.cli.output import write_report
from optimizer.cli.progress import shown_progress
from optimizer.cli.verbose import is_verbose
from optimizer.errors import ContextError
from optimizer.report.estate.data import sizes_before
from optimizer.report.estate.formats import NAMES, estate_as
from optimizer.report.estate.text import growth_as_text, larger_as_text
from optimizer.report.style import NARROW


@click.command(name="report", short_help="Show the image functions of many repositories: owners, bases, sizes, findings.")
@click.argument("repositories", metavar="REPOSITORY...", nargs=-1, required=True, type=click.Path())
@click.option(
    "--owner-tag", metavar="KEY", help="Tag of functions, or label of images, that names their owner.  [default: CODEOWNERS alone]"
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="An earlier report in JSON, such as that of the last deployment; its sizes are held against budgets for growth.",
)
@click.option(
    "--max-growth",
    type=click.FloatRange(min=0),
    metavar="PERCENT",
    help="With --against: fail where the own layers of a function grew more.",
)
@click.option(
    "--max-size", type=click.FloatRange(min=0), metavar="MB", help="Fail where the own layers of a function are known to be larger."
)
@click.option("--format", "form", type=click.Choice(NAMES), default="text", show_default=True)
@quiet_option()
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="File to write in place of standard output.")
@click.pass_context
def command(
    context: click.Context,
    repositories: tuple[str, ...],
    owner_tag: str | None,
    against: Path | None,
    max_growth: float | None,
    max_size: float | None,
    form: str,
    output: Path | None,
) -> None:
    """Show what the REPOSITORIES, checked out in directories, hold of image
    functions: in SAM templates, in synthesized apps (cdk.out) and in Dockerfiles.
    Nothing is built, changed or asked for over a network.

    Each repository is judged under its own configuration, lock and baseline, as
    optimizer lint does in it.

    \b
    Examples:
      optimizer report repositories/*
      optimizer report repositories/* --format html --output estate.html
      optimizer report . --against last.json --max-growth 20

    Exits with 1 when a budget is exceeded, and with 2 when a repository could
    not be read; findings alone do not fail it, because each repository's own lint does.
    """
    if max_growth is not None and against is None:
        raise click.UsageError("--max-growth needs an earlier report\n  hint: name it with --against FILE")
    before = sizes_before(_text(against), str(against)) if against is not None else {}
    processes = 1 if is_verbose() else os.cpu_count() or 1
    with shown_progress() as told_to:
        estate = read_estate(repositories, owner_tag=owner_tag, processes=processes, report=told_to)
    write_report(estate_as(form, estate, NARROW if output else text_width()), output)
    faults = [(repository.name, fault) for repository in estate.repositories for fault in repository.faults]
    for name, fault in faults:
        click.echo(f"error: {name} is not in the figures: {fault}", err=True)
    for repository in estate.repositories:
        for note in repository.notes:
            click.echo(f"note: {repository.name}: {note}", err=True)
    grown = estate.grown(before, max_growth)
    large = estate.larger_than(round(max_size * 1_000_000)) if max_size is not None else ()
    for line in (*larger_as_text(large, max_size or 0), *growth_as_text(grown)):
        click.echo(f"error: {line}", err=True)
    if faults:
        context.exit(2)
    if grown or large:
        context.exit(1)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ContextError(f'"{path}" cannot be read: {reason}', "--against", "name a file that --format json wrote") from None
