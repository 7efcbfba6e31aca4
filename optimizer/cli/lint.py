"""``optimizer lint``: Dockerfiles, templates, synthesized apps and built images against the conventions."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import click

from optimizer.adapters.progress import told
from optimizer.checking.collect import BuiltImages
from optimizer.checking.run import Run
from optimizer.cli.completions import complete_rules
from optimizer.cli.hook import note_in_hook
from optimizer.cli.options import quiet_option
from optimizer.cli.progress import shown_progress
from optimizer.cli.screen import show, style_of, terminal_width
from optimizer.cli.verbose import is_verbose
from optimizer.linting.finding import Severity
from optimizer.model.progress import Task
from optimizer.model.sources import SOURCES
from optimizer.model.text import few
from optimizer.report.formats import NAMES, lint_as
from optimizer.report.lint import lint_as_text, statistics_as_text, statistics_to_list
from optimizer.sam.config import DEFAULT_ENVIRONMENT


@click.command(name="lint", short_help="Check Dockerfiles, templates, apps and built images against the conventions.")
@click.argument("paths", metavar="[PATH...]", nargs=-1, type=click.Path())
@click.option("--image", "images", metavar="IMAGE", multiple=True, help="A built image, named as for optimizer inspect; may be repeated.")
@click.option("--from", "image_source", type=click.Choice(SOURCES), help="What each --image is.  [default: detected from the name]")
@click.option("--platform", metavar="OS/ARCHITECTURE", help="Which image of an index to use, as for optimizer inspect.")
@click.option("--format", "form", type=click.Choice(NAMES), default="text", show_default=True)
@click.option(
    "--select",
    metavar="RULE,...",
    multiple=True,
    shell_complete=complete_rules,
    help="Run only these rules: ids, prefixes of ids such as LIO3, names, families.",
)
@click.option("--ignore", metavar="RULE,...", multiple=True, shell_complete=complete_rules, help="Do not run these rules.")
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    help="Exit with 1 for a finding of at least this severity.  [default: as configured, else warning]",
)
@quiet_option()
@click.option("--statistics", is_flag=True, help="Print how often each rule was broken, instead of the findings.")
@click.option("--config", type=click.Path(), metavar="FILE", help="Conventions for every path, instead of those in the nearest file.")
@click.option(
    "--mirror",
    metavar="HOST[/PREFIX]",
    help="Registry mirror of all images; those there count as what they mirror.  [default: optimizer:mirror of cdk.json, or mirror of optimizer.toml]",
)
@click.option("--config-env", metavar="NAME", default=DEFAULT_ENVIRONMENT, show_default=True, help="Environment of samconfig to use.")
@click.option("--fix", is_flag=True, help="Apply the fixes that are safe, and report what is left.")
@click.option("--diff", is_flag=True, help="Print what --fix would change, and change nothing; exit with 1 if there is a change.")
@click.option(
    "--baseline",
    type=click.Path(),
    metavar="FILE",
    help="Findings in this file are known, and do not fail the run.  [default: as configured, else none]",
)
@click.option("--write-baseline", is_flag=True, help="Write the baseline; an existing one can only get smaller.")
@click.option("--grow", is_flag=True, help="With --write-baseline: also add new findings to an existing baseline.")
def command(
    paths: Sequence[str],
    images: Sequence[str],
    image_source: str | None,
    platform: str | None,
    form: str,
    select: Sequence[str],
    ignore: Sequence[str],
    fail_on: str | None,
    statistics: bool,
    config: str | None,
    mirror: str | None,
    config_env: str,
    fix: bool,
    diff: bool,
    baseline: str | None,
    write_baseline: bool,
    grow: bool,
) -> None:
    """Check the Dockerfiles and SAM templates at, and below, each PATH, specs, and built images.

    In a directory these are the files named Dockerfile, Dockerfile.*,
    *.Dockerfile, the same with Containerfile, and template.yaml with image
    functions. A spec, a *.image.toml file, is planned, and the image that it
    describes is checked. The output directory of cdk synth, such as cdk.out,
    is checked as an app: functions, images, repositories. An archive of docker
    save and an OCI layout are checked as the image in them; --image takes one
    from the engine or a registry too. Conventions are read from the nearest
    optimizer.toml, or [tool.optimizer] in pyproject.toml. Exits with 0 when
    all is well, 1 with findings, and 2 for wrong usage or input.

    \b
    Examples:
      optimizer lint .
      optimizer lint cdk.out --format sarif
      optimizer lint Dockerfile --fix
    """
    if not paths and not images:
        raise click.UsageError("no path is given\n  hint: name a Dockerfile, a directory or a built image, for example: optimizer lint .")
    built = BuiltImages(images, image_source, platform)
    run = Run(
        paths,
        built,
        select=_words(select),
        ignore=_words(ignore),
        fail_on=fail_on,
        config=config,
        baseline=baseline,
        mirror=mirror,
        environment=config_env,
        # What other processes read, --verbose would not see.
        processes=1 if is_verbose() else os.cpu_count() or 1,
    )
    if write_baseline and run.baseline is None:
        raise click.UsageError("--write-baseline needs a file\n  hint: name it with --baseline FILE, or as baseline in optimizer.toml")
    if statistics and form not in ("text", "json"):
        raise click.UsageError(f"--statistics has no format {form}\n  hint: --format text or --format json")
    if grow and not write_baseline:
        raise click.UsageError("--grow needs --write-baseline")
    if fix or diff:
        # Imported here: most runs only look.
        from optimizer.checking.fixes import Changes

        with _shown(built, paths):
            groups = run.groups
        changes = Changes(groups)
        if diff:
            click.echo(changes.diff(), nl=False)
            click.echo(changes.summary("would be fixed"), err=True)
            sys.exit(1 if changes.contents else 0)
        changes.write()
        click.echo(changes.summary("fixed"), err=True)
        run.again()
    with _shown(built, paths):
        report = run.check()
    if write_baseline:
        click.echo(run.write_baseline(report, grow=grow), err=True)
    report = run.compare(report)
    if statistics:
        as_json = form == "json"
        click.echo(json.dumps(statistics_to_list(report), indent=2) + "\n" if as_json else statistics_as_text(report), nl=False)
    elif form == "text":
        style = style_of()
        show(lint_as_text(report, style=style, width=terminal_width(), rule_pages=run.conventions.rule_pages), style)
        note_in_hook(finding.hint for finding in report.findings)
    else:
        click.echo(lint_as(form, report, rules=run.rules, rule_pages=run.conventions.rule_pages), nl=False)
    sys.exit(1 if report.failing else 0)


@contextmanager
def _shown(images: BuiltImages, paths: Sequence[str]) -> Iterator[None]:
    """Show that paths are checked, and which images are read for it."""
    with shown_progress() as report, told(Task(action="checking", subject=few([*paths, *images.names])), report):
        images.report = report
        yield


def _words(options: Iterable[str]) -> list[str]:
    return [word.strip() for option in options for word in option.split(",") if word.strip()]
