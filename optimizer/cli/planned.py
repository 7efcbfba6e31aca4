"""A specification, planned with the settings of the project that a command runs in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from optimizer.bases.mirror import Mirror
from optimizer.builders.docker.programs import programs_of_steps
from optimizer.config.settings import load_settings
from optimizer.errors import Fault, SpecError
from optimizer.model.plan import BuildPlan
from optimizer.model.spec import ImageSpec
from optimizer.planning.defaults import with_defaults
from optimizer.planning.microvm import check_microvm, microvm_warnings
from optimizer.planning.plan import plan
from optimizer.planning.runtime_image import runtime_specs, runtime_warnings
from optimizer.project.files import Project


def plan_spec(
    spec: Path, *, root: Path | None, lock: Path | None, mirror: str | None, output: Path | None = None
) -> tuple[BuildPlan, Project]:
    """The plan of the file and the project that it reads, after the warnings were shown.

    ``root``, ``lock`` and ``mirror`` are the options of that name; ``output``
    is a directory that is no part of the project.
    """
    (made,), project = _plans([ImageSpec.load(spec)], root, lock, mirror, output)
    return made, project


def plan_runtime(spec: Path, *, root: Path | None, lock: Path | None, mirror: str | None) -> tuple[tuple[BuildPlan, ...], Project]:
    """The same for the image of a customer-managed runtime: one plan for each architecture."""
    loaded = ImageSpec.load(spec)
    try:
        specs = runtime_specs(loaded)
    except SpecError as error:
        raise SpecError([_in_file(fault, spec) for fault in error.faults]) from None
    plans, project = _plans(specs, root, lock, mirror, None)
    for warning in runtime_warnings(loaded):
        click.echo(f"warning: {warning}", err=True)
    return plans, project


def plan_microvm(
    spec: Path, entrypoint: Sequence[str], *, root: Path | None, lock: Path | None, mirror: str | None, output: Path | None = None
) -> tuple[BuildPlan, Project]:
    """The same as :func:`plan_spec` for an image that AWS builds for a MicroVM."""
    settings = load_settings(".", root=root, lock=lock)
    loaded = with_defaults(ImageSpec.load(spec), settings.defaults)
    try:
        check_microvm(loaded, entrypoint)
    except SpecError as error:
        raise SpecError([_in_file(fault, spec) for fault in error.faults]) from None
    (made,), project = _plans([loaded], root, lock, mirror, output)
    for warning in microvm_warnings(loaded, made, entrypoint, programs_of_steps(made)):
        click.echo(f"warning: {warning}", err=True)
    return made, project


def _in_file(fault: Fault, spec: Path) -> Fault:
    """A fault with its place in the file; that of an option stays as it is."""
    return fault if fault.place.startswith("--") else Fault(fault.message, f"{spec}: {fault.place}", fault.hint)


def _plans(
    specs: Sequence[ImageSpec], root: Path | None, lock: Path | None, mirror: str | None, output: Path | None
) -> tuple[tuple[BuildPlan, ...], Project]:
    settings = load_settings(".", root=root, lock=lock)
    project = Project(settings.root, output=output)
    locked = settings.load_lock()
    places = Mirror.parse(mirror) if mirror is not None else settings.mirror
    plans = tuple(plan(with_defaults(spec, settings.defaults), locked, project, mirror=places, tools=settings.tools) for spec in specs)
    for warning in dict.fromkeys(warning for made in plans for warning in made.warnings):
        click.echo(f"warning: {warning}", err=True)
    return plans, project
