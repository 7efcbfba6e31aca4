"""``optimizer plan``: what will be built, of a spec or of a synthesized app."""

from __future__ import annotations

import json
from pathlib import Path

import click

from optimizer.adapters.assembly import AssemblyFunction, load_functions
from optimizer.bases.mirror import Mirror
from optimizer.context import Project
from optimizer.dockerfile.parse import decode, parse
from optimizer.dockerfile.render import BASE, BUILD
from optimizer.dockerfile.scope import resolve
from optimizer.errors import ContextError, OptimizerError
from optimizer.model.spec import ImageSpec
from optimizer.planning import plan
from optimizer.report.plan import FunctionRow, functions_as_text, functions_to_dict, plan_as_text, plan_to_dict
from optimizer.settings import load_lock, load_settings


@click.command(name="plan", short_help="Show stages, layers, base and repository of a spec or a synthesized app.")
@click.argument("subject", metavar="SPEC|APP", type=click.Path(path_type=Path))
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    help="Directory from which the spec's paths start.  [default: optimizer:root of cdk.json, or .]",
)
@click.option("--lock", type=click.Path(path_type=Path), help="The lock.  [default: optimizer:lock of cdk.json, or optimizer.lock]")
@click.option("--mirror", metavar="HOST[/PREFIX]", help="Registry mirror of all images.  [default: optimizer:mirror of cdk.json]")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(subject: Path, root: Path | None, lock: Path | None, mirror: str | None, form: str) -> None:
    """Show what will be built.

    SPEC is a *.image.toml file; APP the output directory of cdk synth, such as
    cdk.out, whose functions may be optimized ones or plain
    DockerImageFunctions.
    """
    if subject.is_dir():
        rows = [_row(function) for function in load_functions(subject)]
        if not rows:
            raise ContextError(
                f'the app in "{subject}" has no image function', str(subject), "declare an OptimizedFunction, and run cdk synth again"
            )
        click.echo(json.dumps(functions_to_dict(rows), indent=2) if form == "json" else functions_as_text(rows))
        return
    settings = load_settings(".")
    made = plan(
        ImageSpec.load(subject),
        load_lock(lock or settings.lock),
        Project(root or settings.root),
        mirror=Mirror.parse(mirror) if mirror is not None else settings.mirror,
    )
    for warning in made.warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(json.dumps(plan_to_dict(made), indent=2) if form == "json" else plan_as_text(str(subject), made))


def _row(function: AssemblyFunction) -> FunctionRow:
    base, note = "", ""
    stages: tuple[str, ...] = ()
    if function.dockerfile is not None:
        try:
            parsed = parse(decode(function.dockerfile.read_bytes()), str(function.dockerfile))
            base = resolve(parsed).stages[-1].image or ""
            stages = tuple(stage.name for stage in parsed.stages if stage.name and stage.name not in (BASE, BUILD))
        except OptimizerError as error:
            note = f"the Dockerfile cannot be read: {error.faults[0].message}"
        except OSError as error:
            note = f"the Dockerfile cannot be read: {error}"
    return FunctionRow(
        path=function.path,
        handler=function.handler,
        architecture=function.architecture,
        image=function.tag,
        repository=function.repository or "",
        base=base,
        stages=stages,
        note=note,
    )
