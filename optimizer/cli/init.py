"""``optimizer init``: specs for what a team has written by hand, and the first files of a project."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from optimizer.adapters.adoption import load_candidates
from optimizer.adapters.kinds import Kind, expect, kind_of
from optimizer.adoption.companions import Companion
from optimizer.adoption.proposal import NotCarried, ProposedFile, Skipped
from optimizer.bases.lock import Lock
from optimizer.bases.mirror import Mirror
from optimizer.cli.companion_files import companions
from optimizer.cli.completions import complete_files, complete_runtimes
from optimizer.cli.first_files import FirstFiles, by_template, first_files, zipped
from optimizer.cli.options import of_project
from optimizer.cli.proposals import proposed, proposed_files
from optimizer.cli.questions import Questions
from optimizer.cli.written_files import write_all
from optimizer.config.settings import Settings, load_settings
from optimizer.errors import ContextError, Fault, LockError, OptimizerError
from optimizer.linting.fixes import unified_diff
from optimizer.model.architectures import ARCHITECTURES
from optimizer.model.spec import ImageSpec
from optimizer.planning.defaults import with_defaults
from optimizer.planning.plan import plan
from optimizer.project.files import Project
from optimizer.report.adoption import Around, adoption_as_text, adoption_to_dict
from optimizer.sam.zip_functions import ZipFunction


@click.command(name="init", short_help="Propose specs for a project's functions, Dockerfiles, SAM templates and CDK apps.")
@click.argument("name", required=False, metavar="[DIRECTORY]", shell_complete=complete_files)
@click.option(
    "--from",
    "source",
    metavar="PATH",
    shell_complete=complete_files,
    help="Only a Dockerfile, a SAM template, or the output directory of cdk synth.",
)
@click.option("--context", metavar="DIRECTORY", help="Build context of the Dockerfile.  [default: its directory]")
@click.option(
    "--runtime",
    metavar="RUNTIME",
    shell_complete=complete_runtimes,
    help="Runtime, such as python3.13, of the code in DIRECTORY, or where a base image shows none.",
)
@click.option("--architecture", type=click.Choice(ARCHITECTURES), help="Architecture, if it is not set anywhere else.")
@click.option("--output", default=".", metavar="DIRECTORY", help="Where the specs are written.  [default: .]")
@click.option("--force", is_flag=True, help="Overwrite existing specs.")
@click.option("--yes", is_flag=True, help="Ask nothing, and add what is missing to files that exist, such as .gitignore.")
@click.option("--pin", "pinning", is_flag=True, help="Pin the images that the specs need, as optimizer pin does.")
@click.option("--diff", "--dry-run", "diff", is_flag=True, help="Print what would be written, and write nothing.")
@of_project
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(
    caller: click.Context,
    name: str | None,
    source: str | None,
    context: str | None,
    runtime: str | None,
    architecture: str | None,
    output: str,
    force: bool,
    yes: bool,
    pinning: bool,
    diff: bool,
    root: Path | None,
    lock: Path | None,
    mirror: str | None,
    form: str,
) -> None:
    """Propose a spec, a *.image.toml file, for each image of a project.

    For the code of functions below DIRECTORY, image functions of SAM templates
    and synthesized CDK apps, and Dockerfiles: the runtime, handler and lock are
    guessed by the files that are there, each with its reason. Ignore files and
    settings get what is missing. With --runtime, for the code in DIRECTORY.

    With --from, for one Dockerfile, one template or one app. The report has
    every instruction of a Dockerfile: the step that replaces it, why it is not
    needed, or what is not carried over, and what to do by hand.

    Functions whose specs are equal share one file. On a terminal, what only you
    can decide is asked, and each change of a file that exists; elsewhere, and
    with --yes, it is reported. No spec that exists is overwritten without
    --force. Exits with 0 when everything is carried over, 1 when something is
    not, and 2 for wrong usage or input.

    \b
    Examples:
      optimizer init
      optimizer init functions/report --runtime provided.al2023
      optimizer init --from functions/orders/Dockerfile --diff
    """
    if source is not None and name is not None:
        raise click.UsageError("DIRECTORY can be given without --from only")
    if context is not None and (source is None or source.endswith((".yaml", ".yml", ".json", "cdk.out"))):
        raise click.UsageError("--context can be given with a Dockerfile only: templates and apps name their own")
    if pinning and (diff or form == "json"):
        raise click.UsageError("--pin writes the lock and reports in its own words: run optimizer pin after --diff or --format json")
    settings = load_settings(".", root=root, lock=lock)
    through = Mirror.parse(mirror) if mirror is not None else settings.mirror
    project = Project(settings.root)
    pins = settings.load_lock()
    skipped: list[Skipped] = []
    first: FirstFiles | None = None
    templates: Mapping[str, str] = {}
    looped: Mapping[str, str] = {}
    questions = Questions.of_terminal(agreed=yes, silent=diff or form == "json")
    if source is None:
        directory = os.path.normpath(name or ".")
        first = first_files(
            directory, settings, project, through, questions, runtime=runtime, architecture=architecture, again=force or diff
        )
        images, skipped = first.images, first.skipped
        templates, looped = first.templates, first.looped
    else:
        expect("init --from", [source], besides=(Kind.DIRECTORY, Kind.MISSING, Kind.UNSYNTHESIZED))
        candidates, skipped = load_candidates(source, project.root, context=context, mirror=through)
        if kind_of(source) is Kind.TEMPLATE:
            templates, looped = by_template(source, candidates)
        images = proposed(candidates, skipped, project, through, settings.tools, runtime, architecture)
    files = proposed_files(images, output)
    if first is not None and runtime is None and not force and not diff:
        # A second run adds what is new, and leaves alone what was made, or changed, since the first.
        skipped += [
            Skipped(file.path, "it is there already; --diff shows what would be proposed") for file in files if os.path.lexists(file.path)
        ]
        files = [file for file in files if not os.path.lexists(file.path)]
    checked = [_checked(file, pins, project, through, settings) for file in files]
    unpinned = any(missing for _, missing in checked) and not pinning
    files = [file for file, _ in checked]
    beside = companions(first, files, project, settings) if first is not None else []
    before = {path: _read(path) for path in [*(file.path for file in files), *(item.path for item in beside)]}
    there = [file.path for file in files if before[file.path] is not None]
    if there and not force and not diff:
        raise ContextError(
            f"{', '.join(there)}: exists already; nothing is written", hint="see the difference with --diff, or overwrite it with --force"
        )
    # What is shown as a patch is all that there is to agree to.
    agreed = [(item, diff or item.before is None or questions.confirm(f"add {_lines(item)} to {item.path}?")) for item in beside]
    contents = {**{file.path: file.text for file in files}, **{item.path: item.after for item, written in agreed if written}}
    if not diff:
        write_all(contents, before)
    elif form == "text":
        for path, text in contents.items():
            click.echo(unified_diff(path, before[path], text.encode("utf-8")), nl=False)
    around = _around(first, files, agreed, project) if first is not None else Around(stack=None if templates or looped else ".")
    around = replace(around, by_hand=[*around.by_hand, *_written_out(looped)])
    commands = [f"optimizer pin{_options(lock=lock, mirror=mirror)}"] if unpinned else []
    commands += [f"optimizer plan {file.path}{_options(root=root, lock=lock, mirror=mirror)}" for file in files[:1]]
    commands += _sam_commands(templates, files)
    if form == "json":
        click.echo(json.dumps(adoption_to_dict(files, skipped, commands, around), indent=2))
    else:
        click.echo(adoption_as_text(files, skipped, commands, around), nl=False, err=diff)
    if pinning and files:
        # Imported here: without it, no registry is asked.
        from optimizer.cli.pin import command as pin

        caller.invoke(pin, specs=tuple(file.path for file in files), lock_option=str(lock) if lock is not None else None, mirror=mirror)
    sys.exit(0 if all(file.complete for file in files) and not any(item.not_carried for item in skipped) else 1)


def _options(**given: Path | str | None) -> str:
    """The options that were given, as they are written behind another command."""
    return "".join(f" --{name} {shlex.quote(str(value))}" for name, value in given.items() if value is not None)


def _checked(file: ProposedFile, pins: Lock, project: Project, mirror: Mirror, settings: Settings) -> tuple[ProposedFile, bool]:
    """The file after its spec was loaded and planned, and whether a pin is missing."""
    import tomlkit

    spec = ImageSpec.from_dict(tomlkit.parse(file.text).unwrap())
    assert spec == file.images[0].proposal.spec
    try:
        plan(with_defaults(spec, settings.defaults), pins, project, mirror=mirror, tools=settings.tools)
    except LockError:
        return file, True
    except OptimizerError as error:
        not_carried = tuple(
            NotCarried(f"the spec cannot be planned: {Fault(fault.message, fault.place)}", fault.hint) for fault in error.faults
        )
        return replace(file, not_carried=not_carried), False
    return file, False


def _lines(item: Companion) -> str:
    return "1 line" if len(item.lines) == 1 else f"{len(item.lines)} lines"


def _around(first: FirstFiles, files: Sequence[ProposedFile], beside: Sequence[tuple[Companion, bool]], project: Project) -> Around:
    """What the report says besides of a project, and what it leaves to do by hand."""
    by_hand = []
    apps = first.surroundings.apps
    stack = os.path.relpath(project.root / apps[0].directory) if apps else "."
    for app in apps:
        home = os.path.relpath(project.root / app.directory)
        if first.images and not app.python:
            by_hand.append(
                f"OptimizedFunction is for apps in Python; in {home}, build a context with optimizer render SPEC --output DIRECTORY, "
                "and give the directory that it prints to DockerImageCode.fromImageAsset"
            )
        if first.images and load_settings(home).root.resolve() != project.root:
            up = Path(os.path.relpath(project.root, os.path.realpath(home))).as_posix()
            by_hand.append(f'in {os.path.normpath(os.path.join(home, "cdk.json"))}: "context": {{"optimizer:root": "{up}"}}')
    for code, image in first.code:
        path = next((file.path for file in files if image in file.images), None)
        by_hand += [
            _to_an_image(os.path.relpath(project.root / template), function, function.handler or image.proposal.handler, path)
            for template, function in zipped(code, first.surroundings)
            if path is not None
        ]
    takes_python = any(app.python for app in apps) or not (apps or first.surroundings.templates)
    return Around(found=first.found, beside=beside, stack=Path(stack).as_posix() if takes_python else None, by_hand=by_hand)


def _to_an_image(template: str, function: ZipFunction, handler: str, spec: str) -> str:
    """How a function of a zip archive becomes one of an image."""
    own = " and ".join(filter(None, (", ".join(function.own[:-1]), *function.own[-1:])))
    in_place = f" in place of {own}" if own else ""
    layers = f"what its layers hold becomes steps of {spec}; " if "Layers" in (*function.own, *function.common) else ""
    ignored = f", and IgnoreGlobals: [{', '.join(function.common)}] beside its Properties" if function.common else ""
    return (
        f"in {template}, give {function.logical_id} PackageType: Image and ImageConfig: {{Command: [{handler}]}}{in_place}{ignored}; "
        f"{layers}then optimizer sam {template} --spec {function.logical_id}={spec} --write"
    )


def _written_out(looped: Mapping[str, str]) -> Iterator[str]:
    """What is to be done about functions that loops give."""
    for template in dict.fromkeys(looped.values()):
        names = ", ".join(name for name, of in looped.items() if of == template)
        yield f"in {template}, write out what Fn::ForEach gives, {names}: SAM CLI packages no image of a loop; then optimizer sam {shlex.quote(template)}"


def _sam_commands(templates: Mapping[str, str], files: Sequence[ProposedFile]) -> list[str]:
    """The calls that give the functions of templates their specs."""
    specs: dict[str, list[str]] = {}
    for file in files:
        for image in file.images:
            if image.function in templates:
                specs.setdefault(templates[image.function], []).append(f"--spec {shlex.quote(f'{image.function}={file.path}')}")
    return [f"optimizer sam {shlex.quote(template)} {' '.join(options)} --write" for template, options in specs.items()]


def _read(path: str) -> bytes | None:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ContextError(f'"{path}" cannot be read: {error.strerror}', path, "check the directory and its permissions") from None
