"""``optimizer new``: a first project."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path

import click

from optimizer.adapters.files import replace_file
from optimizer.adapters.sam_project import load_sam_project
from optimizer.adoption.new_project import EVENT, REQUIREMENTS, TEMPLATE, NewProject, new_project, newest_python
from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import Lock
from optimizer.bases.mirror import Mirror
from optimizer.builders.docker.render import Profile
from optimizer.cli.completions import complete_runtimes
from optimizer.cli.pinning import resolve_pins
from optimizer.cli.sam_images import CONTEXTS, sam_images
from optimizer.cli.written_files import write_all
from optimizer.errors import ContextError, LockError, RegistryError
from optimizer.model.architectures import ARCHITECTURES, DEFAULT_ARCHITECTURE
from optimizer.sam.config import DEFAULT_ENVIRONMENT

_LOCK = "optimizer.lock"


@click.command(name="new", short_help="Write a first project: a CDK app or a SAM template with one function, its test and its lock.")
@click.argument("name", metavar="NAME")
@click.option("--sam", is_flag=True, help="A SAM project in place of a CDK app.")
@click.option(
    "--runtime",
    metavar="RUNTIME",
    shell_complete=complete_runtimes,
    help="Runtime of the function, python* or nodejs*.  [default: the newest Python]",
)
@click.option("--architecture", type=click.Choice(ARCHITECTURES), default=DEFAULT_ARCHITECTURE, show_default=True)
@click.option("--mirror", metavar="HOST[/PREFIX]", help="Registry mirror of all images, which is kept in the settings of the project.")
@click.option("--no-pin", is_flag=True, help="Ask no registry: the base image is pinned later, by optimizer pin.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the report.")
@click.pass_context
def command(
    caller: click.Context,
    name: str,
    sam: bool,
    runtime: str | None,
    architecture: str,
    mirror: str | None,
    no_pin: bool,
    form: str,
) -> None:
    """Write a project into the new directory NAME, or into one that is empty.

    It has an app, or a template, with one function, the spec of its image, a
    test, an event, the settings and the lock, and it synthesizes, tests and
    runs as it is. The commands that do so are printed.

    The base image is pinned by the registry that has it. Where that cannot be
    reached, the project is written without a lock, the command that pins is
    named, and the exit code is 1.

    \b
    Examples:
      optimizer new shop
      optimizer new shop --runtime nodejs24.x --architecture arm64
      optimizer new shop --sam
    """
    through = Mirror.parse(mirror)
    directory = Path(name)
    project = new_project("sam" if sam else "cdk", directory.resolve().name, runtime or newest_python(), architecture, mirror=mirror or "")
    _check_empty(directory)
    paths = {str(directory / path): text for path, text in project.files.items()}
    write_all(paths, dict.fromkeys(paths))
    pinned = not no_pin and _pinned(directory, project.runtime, through)
    if pinned and sam:
        _write_template(directory, mirror)
    written = sorted([*project.files, *([_LOCK] if pinned else [])])
    steps = _steps(project, directory, pinned=pinned)
    if form == "json":
        report = {
            "name": project.name,
            "kind": project.kind,
            "directory": str(directory),
            "runtime": project.runtime,
            "architecture": project.architecture,
            "pinned": pinned,
            "files": written,
            "next": steps,
        }
        click.echo(json.dumps(report, indent=2))
    else:
        for path in written:
            click.echo(str(directory / path))
        for step in steps:
            click.echo(f"next: {step}")
    sys.exit(0 if pinned or no_pin else 1)


def _check_empty(directory: Path) -> None:
    """Raise ContextError where something is at the place of the project already."""
    try:
        there = sorted(os.listdir(directory))
    except FileNotFoundError:
        return
    except OSError as error:
        raise ContextError(
            f'the project cannot be written to "{directory}": {error.strerror}', str(directory), "name a directory that is not there yet"
        ) from None
    if there:
        more = f" and {len(there) - 3} more" if len(there) > 3 else ""
        raise ContextError(
            f'"{directory}" is not empty: {", ".join(there[:3])}{more}; nothing is written',
            str(directory),
            "name a directory that is not there yet; for a project that is there: optimizer init",
        )


def _pinned(directory: Path, runtime: str, mirror: Mirror) -> bool:
    """Whether the base image could be pinned; why not is shown."""
    try:
        pins = resolve_pins([base_image(runtime).reference], [], mirror)
    except RegistryError as error:
        for fault in error.faults:
            click.echo(f"warning: the base image is not pinned: {fault}", err=True)
        return False
    replace_file(directory / _LOCK, Lock().with_images(pins.images).render(), "the lock", LockError)
    return True


def _write_template(directory: Path, mirror: str | None) -> None:
    """Set the template to its image, and write the build context, as ``optimizer sam --write`` does."""
    template = directory / TEMPLATE
    images = sam_images(
        load_sam_project(str(template), DEFAULT_ENVIRONMENT, Mirror.parse(mirror), {}),
        profile=Profile.BUILDKIT,
        output=directory / CONTEXTS,
        environment=DEFAULT_ENVIRONMENT,
        repository=None,
        root=directory,
        lock=directory / _LOCK,
        mirror=mirror,
    )
    images.write(force=False)


def _steps(project: NewProject, directory: Path, *, pinned: bool) -> list[str]:
    """The commands to run next."""
    steps = [] if os.path.realpath(directory) == os.getcwd() else [f"cd {shlex.quote(str(directory))}"]
    steps += [] if pinned else ["optimizer pin"]
    steps += [f"pip install -r {REQUIREMENTS[project.kind]}", project.test]
    if project.kind == "cdk":
        return [*steps, "cdk synth --quiet", "optimizer plan cdk.out", f"optimizer invoke cdk.out --event {EVENT}"]
    steps += [] if pinned else [f"optimizer sam {TEMPLATE} --write"]
    return [*steps, f"optimizer invoke {TEMPLATE} --event {EVENT}", "sam build"]
