"""``optimizer audit``: what the accounts of a team hold of image functions, and what it costs."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import click

from optimizer.adapters.aws.kept import Kept
from optimizer.adapters.aws.reading import read_inventory
from optimizer.adapters.aws.sessions import open_places
from optimizer.audit.audit import audit
from optimizer.audit.bases import BaseLayers
from optimizer.audit.judge import judge
from optimizer.bases.lock import Lock
from optimizer.bases.mirror import Mirror
from optimizer.cli.options import quiet_option, text_width
from optimizer.cli.output import write_report
from optimizer.cli.progress import shown_progress
from optimizer.config.lookup import ConventionsLookup
from optimizer.config.settings import load_settings
from optimizer.errors import ContextError, Fault
from optimizer.linting.finding import Severity
from optimizer.linting.rules import RULES
from optimizer.model.progress import Report
from optimizer.report.audit.formats import NAMES, audit_as
from optimizer.report.audit.tables import NAMES as TABLES
from optimizer.report.style import NARROW

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@click.command(name="audit", short_help="Show the image functions and repositories of accounts: bases, storage, cost, dangers.")
@click.option("--profile", metavar="NAME", help="Profile of the AWS configuration.  [default: AWS_PROFILE, or the usual credentials]")
@click.option("--region", "regions", multiple=True, metavar="REGION", help="Region to read; repeatable.  [default: that of the profile]")
@click.option("--role", "roles", multiple=True, metavar="ARN", help="Role of an account to read in place of your own account; repeatable.")
@click.option("--owner-tag", metavar="KEY", help="Tag of repositories and functions that names their owner.")
@click.option(
    "--vulnerable", type=click.Path(path_type=Path), help="File with a digest of an image or a layer on each line: shows who carries it."
)
@click.option(
    "--fetch-bases", is_flag=True, help="Read the bases of the lock and of AWS from their registries, to recognise them by layers."
)
@click.option(
    "--lock", type=click.Path(path_type=Path), help="The lock, which names bases.  [default: optimizer.lock of the project here, if any]"
)
@quiet_option()
@click.option("--format", "form", type=click.Choice(NAMES), default="text", show_default=True)
@click.option("--table", type=click.Choice(TABLES), default=TABLES[0], show_default=True, help="What --format csv writes.")
@click.option("--output", type=click.Path(path_type=Path), help="File to write in place of standard output.")
@click.option(
    "--resume",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep what is read in this file until all of it is, and go on with what an audit that was ended left there.",
)
@click.pass_context
def command(
    context: click.Context,
    profile: str | None,
    regions: tuple[str, ...],
    roles: tuple[str, ...],
    owner_tag: str | None,
    vulnerable: Path | None,
    fetch_bases: bool,
    lock: Path | None,
    form: str,
    table: str,
    output: Path | None,
    resume: Path | None,
) -> None:
    """Show what accounts hold of image functions and their images, and what it
    costs. Nothing is changed.

    Reads every version of every image function, and every repository of Amazon
    ECR, in each Region of each account.

    Exits with 1 when a version cannot fetch its image or carries a digest of
    --vulnerable, a rule with the severity error finds something, or something
    could not be read.

    \b
    Examples:
      optimizer audit
      optimizer audit --format html --output audit.html
    """
    digests = _digests(vulnerable) if vulnerable else []
    if lock is not None and not lock.exists():
        raise ContextError(f'there is no lock "{lock}"', "--lock", "name the optimizer.lock of a project")
    project = load_settings(".", lock=lock)
    pins = project.load_lock()
    lookup = ConventionsLookup(today=datetime.date.today(), rules=RULES, mirror=project.mirror, lock=pins)
    conventions = lookup.for_path("audit").conventions
    now = datetime.datetime.now(datetime.timezone.utc)
    kept = Kept(resume, now.timestamp()) if resume is not None else None
    whole = False
    try:
        with shown_progress() as report:
            inventory = read_inventory(open_places(profile, regions, roles), report, owner_tag=owner_tag, kept=kept)
        whole = not inventory.gaps
    finally:
        if kept is not None:
            kept.close(whole=whole)
    with shown_progress() as report:
        fetched = _fetched(pins, project.mirror, report) if fetch_bases else []
    found = audit(inventory, now=now, lock=pins, fetched=fetched, vulnerable=digests)
    findings = judge(found, conventions)
    write_report(audit_as(form, found, findings, table, NARROW if output else text_width()), output)
    for gap in inventory.gaps:
        click.echo(f"warning: partial: {gap.action} in {gap.place.account}, {gap.place.region}: {gap.reason}", err=True)
    carried = any(item.versions for item in found.vulnerable)
    if found.partial or carried or any(found.broken) or findings.count(Severity.ERROR):
        context.exit(1)


def _fetched(lock: Lock, mirror: Mirror, report: Report) -> list[BaseLayers]:
    # Imported here, because most audits ask no registry.
    from optimizer.adapters.images.base_layers import fetch_base_layers
    from optimizer.adapters.registry.client import HttpRegistry
    from optimizer.adapters.registry.credentials import DefaultCredentials

    with HttpRegistry(DefaultCredentials()) as registry:
        return fetch_base_layers(registry, lock, mirror, report)


def _digests(path: Path) -> list[str]:
    """The digests of a file; what follows one on its line, and lines with ``#``, are comments."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ContextError(f'"{path}" cannot be read: {reason}', "--vulnerable", "name a file with a digest on each line") from None
    found: dict[str, None] = {}
    faults = []
    for number, line in enumerate(lines, 1):
        word = line.split("#", 1)[0].split()[:1]
        # Scanners write names with digests.
        digest = word[0].rpartition("@")[2] if word else ""
        if _DIGEST.fullmatch(digest):
            found[digest] = None
        elif word:
            faults.append(Fault(f'"{word[0]}" is not a digest; allowed: sha256:<64 lower-case hex digits>', f"{path}:{number}"))
    if faults:
        raise ContextError(faults)
    return list(found)
