"""``optimizer clean``: what can be deleted of repositories because nothing runs it, and deletes it when asked to."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from optimizer.adapters.aws.asking import Asker
from optimizer.adapters.aws.cleaning import Done, Journal
from optimizer.adapters.aws.cleaning import clean as delete
from optimizer.adapters.aws.other_services import SERVICES, read_other_users
from optimizer.adapters.aws.reading import read_inventory
from optimizer.adapters.aws.sessions import open_places
from optimizer.audit.cleaning import CleaningPlan, plan_cleaning
from optimizer.cli.options import quiet_option
from optimizer.cli.progress import shown_progress
from optimizer.errors import ConfigurationError, did_you_mean
from optimizer.report.clean import cleaning_as_json, cleaning_as_text

_FORMATS = ("text", "json")
_INTERRUPTED = 130
"""What shells say of a program that an interrupt ended, as the main program does."""


@click.command(name="clean", short_help="Show what nothing runs of the images in repositories, and delete it with --apply.")
@click.argument("repositories", nargs=-1, required=True, metavar="REPOSITORY...")
@click.option("--profile", metavar="NAME", help="Profile of the AWS configuration.  [default: AWS_PROFILE, or the usual credentials]")
@click.option("--region", "regions", multiple=True, metavar="REGION", help="Region to read; repeatable.  [default: that of the profile]")
@click.option("--role", "roles", multiple=True, metavar="ARN", help="Role of an account to read in place of your own account; repeatable.")
@click.option(
    "--older-than", type=click.IntRange(min=1), default=30, show_default=True, metavar="DAYS", help="Keep what was pushed more recently."
)
@click.option(
    "--without",
    type=click.Choice(SERVICES),
    multiple=True,
    help="Do not ask this service: you say that it runs no image of these repositories; repeatable.",
)
@click.option("--apply", is_flag=True, help="Delete, each image after another look at all functions.")
@click.option(
    "--journal",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("optimizer-clean.jsonl"),
    show_default=True,
    help="File that --apply appends to before it deletes.",
)
@quiet_option()
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.pass_context
def command(
    context: click.Context,
    repositories: tuple[str, ...],
    profile: str | None,
    regions: tuple[str, ...],
    roles: tuple[str, ...],
    older_than: int,
    without: tuple[str, ...],
    apply: bool,
    journal: Path,
    form: str,
) -> None:
    """Show which images of the repositories can be deleted, because no version
    of a function and no service that was asked uses them. Only --apply deletes.

    With naming a repository you say that nothing uses it which cannot be asked,
    such as Kubernetes.

    Exits with 1 when something could not be read, or an image was to be deleted
    and is still there.

    \b
    Examples:
      optimizer clean lambda-images
      optimizer clean lambda-images --apply
    """
    services = [name for name in SERVICES if name not in without]
    log = Journal(journal) if apply else None
    if log and log.interrupted:
        click.echo(f"warning: {log.interrupted}", err=True)
    with shown_progress() as report:
        askers = open_places(profile, regions, roles, services)
        inventory = read_inventory(askers, report)
        names = {item.name for item in inventory.repositories}
        unknown = [name for name in repositories if name not in names]
        if unknown and not inventory.gaps:
            hint = did_you_mean(unknown[0], sorted(names)) or "optimizer audit lists the repositories"
            raise ConfigurationError(f'there is no repository "{unknown[0]}" in what was read', "REPOSITORY", hint)
        others = read_other_users(askers, services)
        now = datetime.datetime.now(datetime.timezone.utc)
        plan = plan_cleaning(inventory, others, now=now, older_than=older_than, repositories=repositories)
        done: list[Done] | None = None
        if log:
            done = _deleted(askers, plan, log)
    outcomes = None if done is None else [_outcome(item) for item in done]
    click.echo((cleaning_as_json if form == "json" else cleaning_as_text)(plan, outcomes), nl=False)
    for gap in plan.gaps:
        click.echo(f"warning: partial: {gap.action} in {gap.place.account}, {gap.place.region}: {gap.reason}", err=True)
    if plan.gaps or any(item.state == "left" for item in done or ()):
        context.exit(1)


def _deleted(askers: Sequence[Asker], plan: CleaningPlan, journal: Journal) -> list[Done]:
    try:
        return list(delete(askers, plan.candidates, journal))
    except KeyboardInterrupt:
        click.echo(f"error: interrupted; {journal.path} says what was deleted", err=True)
        raise click.exceptions.Exit(_INTERRUPTED) from None
    finally:
        journal.close()


def _outcome(item: Done) -> dict[str, Any]:
    return {
        "account": item.candidate.place.account,
        "region": item.candidate.place.region,
        "repository": item.candidate.repository,
        "digest": item.candidate.image.digest,
        "state": item.state,
        "reason": item.reason,
    }
