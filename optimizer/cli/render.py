"""``optimizer render``: a spec's Dockerfile, its whole build context, or the archive that AWS builds for a MicroVM."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import click

from optimizer.adapters.kinds import expect
from optimizer.adapters.zip_file import write_zip
from optimizer.builders.docker.context import BuildContext, build_context, stage_context
from optimizer.builders.docker.render import Profile
from optimizer.cli.options import of_project
from optimizer.cli.planned import plan_microvm, plan_spec
from optimizer.errors import ConfigurationError
from optimizer.project.files import Project


@click.command(name="render", short_help="Print the Dockerfile of a spec, or write its build context.")
@click.argument("spec", type=click.Path(path_type=Path))
@of_project
@click.option(
    "--profile",
    type=click.Choice([profile.value for profile in Profile]),
    help=f"Builder that the text is for.  [default: {Profile.BUILDKIT.value}]",
)
@click.option("--for", "target", type=click.Choice(["docker", "microvm"]), default="docker", show_default=True, help="What is built of it.")
@click.option(
    "--entrypoint", metavar="JSON", help='Of a MicroVM, the program that it starts, such as \'["python3", "/var/task/server.py"]\'.'
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIRECTORY",
    help="Write the build context, or the archive, below this directory and print its path.",
)
def command(
    spec: Path,
    root: Path | None,
    lock: Path | None,
    mirror: str | None,
    profile: str | None,
    target: str,
    entrypoint: str | None,
    output: Path | None,
) -> None:
    """Print the Dockerfile of SPEC, a *.image.toml file.

    It builds in its build context alone, which holds the files and the scripts
    that it names. With --output, write the whole build context, ready for docker build, into
    a directory named by its content, and print the directory.

    With --for microvm, the Dockerfile is for the image of a MicroVM, which AWS
    builds, and --output writes a zip archive named by its content: the
    Dockerfile at its root, and what it copies.

    \b
    Examples:
      optimizer render hello.image.toml
      optimizer render hello.image.toml --output contexts
    """
    expect("render", [str(spec)])
    if target == "microvm":
        if profile is not None:
            raise click.UsageError("--for microvm says which builder the text is for: leave --profile out")
        words = _words(entrypoint)
        made, project = plan_microvm(spec, words, root=root, lock=lock, mirror=mirror, output=output)
        context = build_context(made, project, Profile.CLASSIC, words)
    else:
        if entrypoint is not None:
            raise click.UsageError("--entrypoint belongs to --for microvm: what a function starts is decided by its configuration")
        made, project = plan_spec(spec, root=root, lock=lock, mirror=mirror, output=output)
        context = build_context(made, project, Profile(profile or Profile.BUILDKIT.value))
    if output is None:
        click.echo(context.dockerfile, nl=False)
    elif target == "microvm":
        click.echo(_archive(context, project, output))
    else:
        click.echo(stage_context(context, project, output))


def _words(text: str | None) -> tuple[str, ...]:
    """The words of ``--entrypoint``."""
    if text is None:
        return ()
    try:
        words = json.loads(text)
    except ValueError:
        words = None
    if not isinstance(words, list) or not words or not all(isinstance(word, str) and word for word in words):
        raise ConfigurationError(
            f"{text} is not a list of words in JSON", "--entrypoint", 'for example --entrypoint \'["python3", "/var/task/server.py"]\''
        )
    return tuple(words)


def _archive(context: BuildContext, project: Project, output: Path) -> Path:
    with tempfile.TemporaryDirectory(prefix="optimizer-render-") as directory:
        return write_zip(stage_context(context, project, directory), output)
