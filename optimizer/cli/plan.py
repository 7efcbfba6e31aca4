"""``optimizer plan``: what will be built, of a spec, of a synthesized app or of a template."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from optimizer.adapters.kinds import Kind, expect, kind_of
from optimizer.adapters.slimming import measure_slimming
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.cli.options import of_project, quiet_option, text_width
from optimizer.cli.plan_target import PlanTarget, plan_target
from optimizer.errors import ContextError
from optimizer.model.plan import BuildPlan
from optimizer.model.spec import ImageSpec
from optimizer.planning.document import plan_to_data
from optimizer.planning.pack.choose import BUDGET
from optimizer.planning.split import split_of
from optimizer.project.files import Project
from optimizer.report.order import order_as_text, order_to_dict
from optimizer.report.plan.functions import functions_as_text
from optimizer.report.plan.image import plan_as_text, stages_to_dict
from optimizer.report.plan.rows import functions_to_dict
from optimizer.report.slimming import LeftOut, slimming_as_text, slimming_to_dict
from optimizer.report.split import split_as_text, split_to_dict


@click.command(name="plan", short_help="Show stages, layers, sizes and what a deployment costs, of a spec, an app or a template.")
@click.argument("subject", metavar="SPEC|APP|TEMPLATE", type=click.Path(path_type=Path))
@click.argument("more", metavar="[PATH]...", nargs=-1)
@of_project
@click.option("--measure", is_flag=True, help="Build the stages of SPEC that use slim, and show how many bytes it saves.")
@click.option(
    "--if-changed", "changed", multiple=True, metavar="PATH", help="Show what is made and pushed when this changes; more PATHs may follow."
)
@click.option(
    "--diff", "old", metavar="OLD", help="Show why images are others than in OLD, an app or a repository or image HOST/NAME[:TAG]."
)
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write the layers, drawn to scale, as one page of HTML.")
@click.option("--update", is_flag=True, help="Read the past from Git, and write what it says into the lock; more SPECs may follow.")
@click.option("--check", is_flag=True, help="With --update: write nothing, and exit with 1 where the lock would change.")
@click.option(
    "--measured",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --update: a report of publish or build (--format json), whose sizes and times count; repeatable.",
)
@click.option("--ask-index", is_flag=True, help="With --update: ask package indexes, over the network, for sizes that no lock has.")
@click.option(
    "--package-layers",
    type=click.IntRange(min=1),
    default=BUDGET,
    show_default=True,
    metavar="N",
    help="With --update: the most layers that the packages of one image may have.",
)
@click.option(
    "--deployed", metavar="COMMIT", help="With --update: the commit that is deployed, whose layers need not be pushed  [default: HEAD]"
)
@quiet_option()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(
    context: click.Context,
    subject: Path,
    more: tuple[str, ...],
    root: Path | None,
    lock: Path | None,
    mirror: str | None,
    measure: bool,
    changed: tuple[str, ...],
    old: str | None,
    html: Path | None,
    update: bool,
    check: bool,
    measured: tuple[Path, ...],
    ask_index: bool,
    package_layers: int,
    deployed: str | None,
    form: str,
) -> None:
    """Show what will be built, and what a deployment of it is expected to cost.

    SPEC is a *.image.toml file; APP the output directory of cdk synth, such as
    cdk.out, whose functions may be optimized ones or plain
    DockerImageFunctions; TEMPLATE a SAM template, whose functions name
    specifications.

    With --if-changed nothing is planned anew: the answer says which layers of
    which images are made and pushed when these files, or everything below these
    directories, change.

    With --diff the answer says why images are others than in OLD: which file,
    pin, option or version of a package, in which layer, and what is pushed. Of a
    repository, or an image in one, it says which layers it has.

    With --update the history of the project in Git says which deployments would
    have changed which step, and which package. That evidence, and the orders and
    layers that it decides, are written into the lock, where every plan takes them
    from. Only --ask-index needs a network. Name everything that the lock is for.

    \b
    Examples:
      optimizer plan functions/api.image.toml
      optimizer plan cdk.out --format json
      optimizer plan cdk.out --if-changed functions/api requirements.txt
      optimizer plan --diff main.out cdk.out
      optimizer plan cdk.out --html layers.html
      optimizer plan cdk.out --update --measured published.json
      optimizer plan *.image.toml --update --check
    """
    if more and not (changed or update):
        raise click.UsageError(f'"{more[0]}" is one more than the SPEC, APP or TEMPLATE; paths follow --if-changed, and specs --update')
    if update:
        if changed or measure or old is not None or html is not None:
            raise click.UsageError("--update writes the lock, and shows no plan: use it without --if-changed, --diff, --html and --measure")
        options = {
            "measured": measured,
            "budget": package_layers,
            "deployed": deployed,
            "ask_index": ask_index,
            "check": check,
            "form": form,
        }
        context.exit(_update((subject, *map(Path, more)), root, lock, mirror, options))
    if check or measured or ask_index or deployed is not None or _is_given(context, "package_layers"):
        raise click.UsageError("--check, --measured, --ask-index, --deployed and --package-layers are for --update")
    kind = kind_of(str(subject))
    if measure and (kind is Kind.TEMPLATE or subject.is_dir()):
        raise click.UsageError("--measure needs a SPEC: an app is measured spec by spec")
    if sum(map(bool, (measure, changed, old is not None, html is not None))) > 1:
        raise click.UsageError("--measure, --if-changed, --diff and --html ask different things: use one of them")
    if html is not None and form == "json":
        raise click.UsageError("--html writes a page, and prints no JSON: use one of the two")
    expect("plan", [str(subject)])
    target = plan_target(subject, kind, root=root, lock=lock, mirror=mirror)
    if changed:
        _show_changes(target, (*changed, *more), root, lock, form)
    elif old is not None:
        _show_difference(target, old, form)
    elif html is not None:
        _write_page(target, html)
    elif target.planned_from is not None:
        _show_spec(target, target.planned_from, measure, form)
    else:
        _show_functions(target, form)


def _is_given(context: click.Context, name: str) -> bool:
    """Whether an option with a default was written on the command line."""
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _update(subjects: Sequence[Path], root: Path | None, lock: Path | None, mirror: str | None, options: Mapping[str, Any]) -> int:
    from optimizer.cli.plan_update import UpdateOptions, update
    from optimizer.config.settings import load_settings

    expect("plan", map(str, subjects))
    targets = [plan_target(subject, kind_of(str(subject)), root=root, lock=lock, mirror=mirror) for subject in subjects]
    return update(targets, load_settings(".", root=root, lock=lock), UpdateOptions(**options))


def _show_changes(target: PlanTarget, paths: Sequence[str], root: Path | None, lock: Path | None, form: str) -> None:
    # Imported here, as below: each of the questions needs its own part.
    from optimizer.cli.plan_changes import change_report
    from optimizer.config.settings import load_settings
    from optimizer.report.plan.changes import changes_as_text, changes_to_dict

    settings = load_settings(".", root=root, lock=lock)
    project = target.planned_from or Project(settings.root)
    report = change_report(paths, target.functions, project, settings, target.specs)
    click.echo(changes_as_text(report, text_width()) if form == "text" else json.dumps(changes_to_dict(report), indent=2))


def _show_difference(target: PlanTarget, old: str, form: str) -> None:
    from optimizer.cli.plan_difference import difference_report
    from optimizer.report.plan.difference import difference_as_text, difference_to_dict

    report = difference_report(old, target)
    click.echo(difference_as_text(report, text_width()) if form == "text" else json.dumps(difference_to_dict(report), indent=2))


def _write_page(target: PlanTarget, file: Path) -> None:
    from optimizer.adapters.files import replace_file
    from optimizer.report.plan.html import plan_as_html

    rows = [function.row for function in target.functions]
    replace_file(file, plan_as_html(str(target.subject), rows), "the page", ContextError)
    click.echo(f"wrote {file}", err=True)


def _show_spec(target: PlanTarget, project: Project, measure: bool, form: str) -> None:
    (function,) = target.functions
    assert function.kept is not None
    made, stages = function.kept.plan, function.row.explained
    left_out, split = _measured(made, project) if measure else None, split_of(made, stages)
    if form == "json":
        measured = {"slimming": slimming_to_dict(left_out)} if left_out is not None else {}
        ordered = {"ordering": order_to_dict(made.order, _declared(target.subject, made))} if made.order else {}
        apart = {"splitting": split_to_dict(split)} if split else {}
        click.echo(
            json.dumps({**plan_to_data(function.kept), "explanation": stages_to_dict(stages), **ordered, **apart, **measured}, indent=2)
        )
        return
    click.echo(plan_as_text(str(target.subject), made, stages, text_width()))
    if made.order:
        click.echo(order_as_text(made.order, _declared(target.subject, made), text_width()))
    if split:
        click.echo(split_as_text(split, text_width()))
    if left_out is not None:
        click.echo(slimming_as_text(left_out))


def _declared(subject: Path, made: BuildPlan) -> list[str]:
    """The in-place stages in the order in which the file declares their steps."""
    steps = [step.title for step in ImageSpec.load(subject).steps]
    return sorted((stage.name for stage in made.stages if stage.in_place), key=lambda name: steps.index(made.stage(name).step))


def _measured(made: BuildPlan, project: Project) -> tuple[LeftOut, ...]:
    context = build_context(made, project)
    with tempfile.TemporaryDirectory() as directory:
        return measure_slimming(
            made, context.dockerfile, stage_context(context, project, directory), context.secret_sources(str(project.root))
        )


def _show_functions(target: PlanTarget, form: str) -> None:
    rows = [function.row for function in target.functions]
    if form == "text":
        click.echo(functions_as_text(rows, text_width()))
        return
    plans = {tag: plan_to_data(kept) for tag, kept in target.plans.items()}
    click.echo(json.dumps({**functions_to_dict(rows), "plans": plans}, indent=2))
