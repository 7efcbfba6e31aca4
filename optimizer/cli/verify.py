"""``optimizer verify``: proof that the images of an app are the same on every machine."""

from __future__ import annotations

import fnmatch
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from optimizer.adapters.assembly import load_functions, load_images
from optimizer.adapters.engine import Engine
from optimizer.adapters.kinds import expect
from optimizer.adapters.plan_files import plan_of_context, write_plan
from optimizer.adapters.progress import told
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.credentials import DefaultCredentials
from optimizer.adapters.runtime_images import RuntimeImage, load_runtime_images
from optimizer.adapters.verification import BuildInputs, verify_image
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.builders.docker.kept import kept_plan
from optimizer.cli.completions import complete_functions
from optimizer.cli.destinations import parse_repository
from optimizer.cli.options import of_project, quiet_option, text_width
from optimizer.cli.planned import plan_spec
from optimizer.cli.planned_functions import no_function
from optimizer.cli.progress import shown_progress
from optimizer.cli.screen import show, style_of
from optimizer.errors import ContextError, EngineError, Fault, OptimizerError, did_you_mean
from optimizer.images.compare import LayerComparison
from optimizer.model.build import BuildOptions
from optimizer.model.progress import Report, Task
from optimizer.model.reference import ImageReference
from optimizer.publishing.images import PublishImage
from optimizer.publishing.planned import NotPlanned, planned
from optimizer.publishing.verification import verify_assembly
from optimizer.report.verify import SkippedImage, VerifiedImage, verification_as_text, verification_to_dict


@click.command(name="verify", short_help="Build images twice as two machines would, and explain what differs.")
@click.argument("subject", metavar="APP|SPEC", type=click.Path(path_type=Path))
@click.option(
    "--function",
    "functions",
    shell_complete=complete_functions,
    multiple=True,
    metavar="PATH",
    help="Of an app, only the images of these functions or runtimes, such as Storefront/Api or 'Storefront/*'. Repeatable.",
)
@click.option(
    "--assembled", is_flag=True, help="Compare an engine's build with the image that optimizer publish assembles, in place of two builds."
)
@click.option("--reuse", metavar="HOST/NAME", multiple=True, help="With --assembled, a repository to take layers from; repeatable.")
@of_project
@quiet_option()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(
    context: click.Context,
    subject: Path,
    functions: tuple[str, ...],
    assembled: bool,
    reuse: tuple[str, ...],
    root: Path | None,
    lock: Path | None,
    mirror: str | None,
    form: str,
) -> None:
    """Build images twice and compare them layer by layer.

    APP is the output directory of cdk synth, such as cdk.out, whose functions
    may be optimized ones or plain DockerImageFunctions, and whose runtimes are
    looked at for each architecture; SPEC is a *.image.toml file.

    The two builds differ in everything that is not content: both start without
    a cache, and the second build context has another directory, other times,
    the modes of another umask, and another order of its files. The build cache
    is not pruned, and no image stays.

    With --assembled one image is built, and the other is assembled as optimizer
    publish does: of layers of the repositories that --reuse names, and of those
    that are made here.

    Exits with 1 when a layer differs, and with 0 when it is only compressed
    differently: a note says so.

    \b
    Examples:
      optimizer verify hello.image.toml
      optimizer verify cdk.out --function 'Shop/*' --format json
    """
    if reuse and not assembled:
        raise click.UsageError("--reuse names where an assembled image takes layers from: add --assembled")
    repositories = [parse_repository(text, "--reuse") for text in reuse]
    engine = Engine()
    verified: list[VerifiedImage] = []
    skipped: list[SkippedImage] = []
    with _inputs(subject, functions, root, lock, mirror) as found, shown_progress() as report:
        engine.check()
        faults: list[Fault] = []
        for name, paths, inputs in found:
            if inputs is None:
                skipped.append(SkippedImage(name=name, functions=paths, reason="the app does not build it from a Dockerfile"))
                continue
            task = Task(action="comparing", subject="build and assembly" if assembled else "two builds", place=name)
            try:
                with told(task, report):
                    layers = _assembled_too(name, inputs, engine, repositories, report) if assembled else verify_image(inputs, engine)
            except NotPlanned as why:
                skipped.append(SkippedImage(name=name, functions=paths, reason=str(why)))
                continue
            except EngineError as error:
                # The other images are verified all the same, and all builds that failed are reported together.
                faults += [fault.under(name) for fault in error.faults]
                continue
            verified.append(VerifiedImage(name=name, functions=paths, layers=layers))
    if form == "json":
        click.echo(json.dumps(verification_to_dict(verified, skipped), indent=2))
    elif verified or skipped:
        done = "built and assembled" if assembled else "built twice"
        style = style_of()
        show(verification_as_text(verified, skipped, done, width=text_width(), style=style) + "\n", style)
    if faults:
        raise OptimizerError(faults)
    if not all(image.reproducible for image in verified):
        context.exit(1)


def _assembled_too(
    name: str, inputs: BuildInputs, engine: Engine, reuse: Sequence[ImageReference], report: Report
) -> tuple[LayerComparison, ...]:
    kept = planned(inputs.directory, inputs.options)
    image = PublishImage(name=name, kept=kept, directory=inputs.directory, destinations=(), options=inputs.options)
    with HttpRegistry(DefaultCredentials()) as registry:
        return verify_assembly(image, registry, engine, reuse=reuse, report=report)


_Found = Sequence[tuple[str, tuple[str, ...], "BuildInputs | None"]]


@contextmanager
def _inputs(subject: Path, functions: tuple[str, ...], root: Path | None, lock: Path | None, mirror: str | None) -> Iterator[_Found]:
    """Name, functions and inputs of each image; those of a spec are gone afterwards."""
    if functions and not subject.is_dir():
        raise click.UsageError("--function chooses among the functions of an app, and SPEC is one image")
    expect("verify", [str(subject)])
    if subject.is_dir():
        yield _of_app(subject, functions)
        return
    made, project = plan_spec(subject, root=root, lock=lock, mirror=mirror)
    context = build_context(made, project)
    with tempfile.TemporaryDirectory(prefix="optimizer-verify-") as directory:
        staged = stage_context(context, project, directory)
        # Where an app has it, for the image that is assembled.
        write_plan(staged, kept_plan(made, context, project))
        inputs = BuildInputs(
            directory=staged,
            options=BuildOptions(platform=context.platform, secrets=context.secret_sources(str(project.root))),
        )
        yield [(str(subject), (), inputs)]


def _of_app(subject: Path, selected: tuple[str, ...]) -> _Found:
    paths: dict[str, list[str]] = {}
    for function in load_functions(subject):
        paths.setdefault(function.tag, []).append(function.path)
    runtimes = load_runtime_images(subject)
    if not paths and not runtimes:
        raise no_function(subject)
    known = sorted([*(path for each in paths.values() for path in each), *(image.path for image in runtimes)])
    faults = [
        Fault(f'no function "{pattern}"; the app has {", ".join(known)}', "--function", did_you_mean(pattern, known))
        for pattern in selected
        if not fnmatch.filter(known, pattern)
    ]
    if faults:
        raise ContextError(faults)
    found: list[tuple[str, tuple[str, ...], BuildInputs | None]] = []
    for image in load_images(subject):
        users = sorted({path for destination in image.destinations for path in paths.get(destination.tag, ())})
        if users and (not selected or any(fnmatch.filter(users, pattern) for pattern in selected)):
            inputs = _app_inputs(users[0], image.directory, image.options) if image.directory is not None else None
            found.append((users[0], tuple(users), inputs))
    # Runtimes of one specification have one image for each architecture.
    shared: dict[Path, list[RuntimeImage]] = {}
    for each in runtimes:
        shared.setdefault(each.directory, []).append(each)
    for directory, images in shared.items():
        users = [each.path for each in images]
        if not selected or any(fnmatch.filter(users, pattern) for pattern in selected):
            found.append((users[0], tuple(users), _app_inputs(users[0], directory, images[0].options)))
    return found


def _app_inputs(name: str, directory: Path, options: BuildOptions) -> BuildInputs:
    dockerfile = directory / options.dockerfile
    # What cannot be read, the build itself reports.
    note = plan_of_context(directory, dockerfile).note if dockerfile.is_file() else ""
    if note:
        click.echo(f"warning: {name} is built as it is: {note}; run cdk synth again", err=True)
    return BuildInputs(directory=directory, options=options)
