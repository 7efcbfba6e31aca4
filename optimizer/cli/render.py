"""``optimizer render``: a spec's Dockerfile, or its whole build context."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.adapters.kinds import expect
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.builders.docker.render import Profile
from optimizer.cli.options import of_project
from optimizer.cli.planned import plan_spec


@click.command(name="render", short_help="Print the Dockerfile of a spec, or write its build context.")
@click.argument("spec", type=click.Path(path_type=Path))
@of_project
@click.option(
    "--profile",
    type=click.Choice([profile.value for profile in Profile]),
    default=Profile.BUILDKIT.value,
    show_default=True,
    help="Builder that the text is for.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIRECTORY",
    help="Write the build context below this directory and print its path.",
)
def command(spec: Path, root: Path | None, lock: Path | None, mirror: str | None, profile: str, output: Path | None) -> None:
    """Print the Dockerfile of SPEC, a *.image.toml file.

    It builds in its build context alone, which holds the files and the scripts
    that it names. With --output, write the whole build context, ready for docker build, into
    a directory named by its content, and print the directory.
    """
    expect("render", [str(spec)])
    made, project = plan_spec(spec, root=root, lock=lock, mirror=mirror, output=output)
    context = build_context(made, project, Profile(profile))
    if output is None:
        click.echo(context.dockerfile, nl=False)
    else:
        click.echo(stage_context(context, project, output))
