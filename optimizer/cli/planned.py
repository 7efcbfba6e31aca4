"""A specification, planned with the settings of the project that a command runs in."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.bases.mirror import Mirror
from optimizer.config.settings import load_settings
from optimizer.model.plan import BuildPlan
from optimizer.model.spec import ImageSpec
from optimizer.planning import plan
from optimizer.planning.defaults import with_defaults
from optimizer.project.files import Project


def plan_spec(
    spec: Path, *, root: Path | None, lock: Path | None, mirror: str | None, output: Path | None = None
) -> tuple[BuildPlan, Project]:
    """The plan of the file and the project that it reads, after the warnings were shown.

    ``root``, ``lock`` and ``mirror`` are the options of that name; ``output``
    is a directory that is no part of the project.
    """
    settings = load_settings(".", root=root, lock=lock)
    project = Project(settings.root, output=output)
    made = plan(
        with_defaults(ImageSpec.load(spec), settings.defaults),
        settings.load_lock(),
        project,
        mirror=Mirror.parse(mirror) if mirror is not None else settings.mirror,
        tools=settings.tools,
    )
    for warning in made.warnings:
        click.echo(f"warning: {warning}", err=True)
    return made, project
