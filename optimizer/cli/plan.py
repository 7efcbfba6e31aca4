"""``optimizer plan``: what will be built, of a spec or of a synthesized app."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from optimizer.adapters.assembly import AssemblyFunction, load_functions
from optimizer.adapters.kinds import expect
from optimizer.adapters.plan_files import FoundPlan, plan_of_context
from optimizer.adapters.slimming import measure_slimming
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.builders.docker.render import render
from optimizer.cli.options import of_project
from optimizer.cli.planned import plan_spec
from optimizer.dockerfile.parse import decode, parse
from optimizer.dockerfile.scope import resolve
from optimizer.errors import ContextError, OptimizerError
from optimizer.model.plan import BuildPlan
from optimizer.planning.document import KeptPlan, plan_to_data, text_digest
from optimizer.planning.keys import stage_keys
from optimizer.project.files import Project
from optimizer.report.plan import FunctionRow, functions_as_text, functions_to_dict, plan_as_text
from optimizer.report.slimming import LeftOut, slimming_as_text, slimming_to_dict


@click.command(name="plan", short_help="Show stages, layers, base and repository of a spec or a synthesized app.")
@click.argument("subject", metavar="SPEC|APP", type=click.Path(path_type=Path))
@of_project
@click.option("--measure", is_flag=True, help="Build the stages of SPEC that use slim, and show how many bytes it saves.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(subject: Path, root: Path | None, lock: Path | None, mirror: str | None, measure: bool, form: str) -> None:
    """Show what will be built.

    SPEC is a *.image.toml file; APP the output directory of cdk synth, such as
    cdk.out, whose functions may be optimized ones or plain
    DockerImageFunctions.
    """
    if measure and subject.is_dir():
        raise click.UsageError("--measure needs a SPEC: an app is measured spec by spec")
    expect("plan", [str(subject)])
    if subject.is_dir():
        functions = load_functions(subject)
        if not functions:
            raise ContextError(
                f'the app in "{subject}" has no image function', str(subject), "declare an OptimizedFunction, and run cdk synth again"
            )
        _show_app(functions, form)
        return
    made, project = plan_spec(subject, root=root, lock=lock, mirror=mirror)
    left_out = _measured(made, project) if measure else None
    if form == "json":
        kept = KeptPlan(plan=made, keys=stage_keys(made, project), dockerfile=text_digest(render(made)))
        measured = {"slimming": slimming_to_dict(left_out)} if left_out is not None else {}
        click.echo(json.dumps({**plan_to_data(kept), **measured}, indent=2))
        return
    click.echo(plan_as_text(str(subject), made))
    if left_out is not None:
        click.echo(slimming_as_text(left_out))


def _measured(made: BuildPlan, project: Project) -> tuple[LeftOut, ...]:
    context = build_context(made, project)
    with tempfile.TemporaryDirectory() as directory:
        return measure_slimming(
            made, context.dockerfile, stage_context(context, project, directory), context.secret_sources(str(project.root))
        )


def _show_app(functions: Sequence[AssemblyFunction], form: str) -> None:
    found = {function.tag: _found(function) for function in functions}
    rows = [_row(function, found[function.tag]) for function in functions]
    if form == "text":
        click.echo(functions_as_text(rows))
        return
    plans = {tag: plan_to_data(each.planned) for tag, each in sorted(found.items()) if each.planned is not None}
    click.echo(json.dumps({**functions_to_dict(rows), "plans": plans}, indent=2))


def _found(function: AssemblyFunction) -> FoundPlan:
    if function.directory is None or function.dockerfile is None:
        return FoundPlan()
    return plan_of_context(function.directory, function.dockerfile)


def _row(function: AssemblyFunction, found: FoundPlan) -> FunctionRow:
    base, note = "", f"{found.note}; run cdk synth again" if found.note else ""
    stages: tuple[str, ...] = ()
    if found.planned is not None:
        made = found.planned.plan
        base = str(made.base)
        stages = (*(stage.name for stage in made.stages if stage.name not in made.layers), *made.layers)
    elif function.dockerfile is not None:
        try:
            parsed = parse(decode(function.dockerfile.read_bytes()), str(function.dockerfile))
            base = resolve(parsed).stages[-1].image or ""
            stages = tuple(stage.name for stage in parsed.stages if stage.name)
        except OptimizerError as error:
            note = f"the Dockerfile cannot be read: {error.faults[0].message}"
    return FunctionRow(
        path=function.path,
        handler=function.declared.handler,
        architecture=function.declared.architecture or "unknown",
        image=function.tag,
        repository=function.repository or "",
        registry=function.registry.host if function.registry else "",
        base=base,
        stages=stages,
        note=note,
    )
