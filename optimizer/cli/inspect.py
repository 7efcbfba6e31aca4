"""``optimizer inspect``: what a built image is made of, and which of Lambda's rules it breaks."""

from __future__ import annotations

import datetime
import json
from functools import partial

import click

from optimizer.adapters.images.opening import describe_image, open_image
from optimizer.adapters.images.reading import read_image
from optimizer.adapters.kinds import Kind, expect
from optimizer.adapters.progress import told
from optimizer.cli.completions import complete_files
from optimizer.cli.options import quiet_option, text_width
from optimizer.cli.progress import shown_progress
from optimizer.cli.screen import show, style_of
from optimizer.images.analysis import with_sharing
from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import lint
from optimizer.linting.finding import Location, Severity
from optimizer.linting.subjects import ImageSubject
from optimizer.model.progress import Task
from optimizer.model.sources import SOURCES
from optimizer.report.inspect import inspection_as_text, inspection_to_dict
from optimizer.report.names import are_told_apart


@click.command(name="inspect", short_help="Show the layers of built images, their waste, and the rules of Lambda that they break.")
@click.argument("subjects", nargs=-1, required=True, metavar="IMAGE|TAR...", shell_complete=complete_files)
@click.option("--from", "source", type=click.Choice(SOURCES), help="What the subjects are.  [default: detected from the name]")
@click.option(
    "--platform",
    metavar="OS/ARCHITECTURE",
    help="Which image of an index to use.  [default: linux/amd64, else linux/arm64, else the only one]",
)
@click.option("--base", metavar="IMAGE|TAR", help="The base image, to find its layers exactly.  [default: detected from the history]")
@click.option(
    "--estimate",
    is_flag=True,
    help="Estimate the compressed size of layers by gzip, if it is not known. Slow for large images.",
)
@quiet_option()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(
    context: click.Context, subjects: tuple[str, ...], source: str | None, platform: str | None, base: str | None, estimate: bool, form: str
) -> None:
    """Show what built images are made of.

    A subject is a file of docker save, an OCI layout, an image of the engine,
    or a reference in a registry: the first of these that exists. --from chooses
    another.

    With several subjects, shows which layers they share. Exits with 1 when an
    image breaks one of Lambda's rules that have the severity error. optimizer
    lint --image also checks the conventions of your company.

    \b
    Examples:
      optimizer inspect hello:test
      optimizer inspect hello.tar --format json
    """
    if source not in ("engine", "registry"):
        expect("inspect", subjects, besides=(Kind.MISSING,))
    given = describe_image(base, platform=platform) if base else None
    analyses = []
    with shown_progress() as report:
        for subject in subjects:
            # An engine takes its time to save an image, before anything of it can be read.
            with told(Task(action="reading", subject=subject), report), open_image(subject, source=source, platform=platform) as opened:
                analyses.append(read_image(opened, base=given, estimate=estimate))
    # No configuration is read: only Lambda's own rules are shown.
    conventions = Conventions(today=datetime.date.today())
    found = [
        (analysis, lint([ImageSubject(analysis=analysis, location=Location(construct=analysis.image.name))], conventions).findings)
        for analysis in with_sharing(analyses)
    ]
    if form == "json":
        click.echo(json.dumps({"images": [inspection_to_dict(*item) for item in found]}, indent=2))
    else:
        long_names = not are_told_apart([analysis.image.name for analysis in analyses])
        style = style_of()
        as_text = partial(inspection_as_text, width=text_width(), style=style, long_names=long_names)
        show("\n\n".join(as_text(*item) for item in found) + "\n", style)
    if any(finding.severity is Severity.ERROR for _, findings in found for finding in findings):
        context.exit(1)
