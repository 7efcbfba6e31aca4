"""``optimizer init``: specs for what a team has written by hand."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from optimizer.adapters.adoption import SET_IT, Candidate, load_candidates, slug
from optimizer.adapters.files import replace_file
from optimizer.adapters.kinds import Kind, expect
from optimizer.adapters.tree import SPEC_SUFFIX
from optimizer.adoption.proposal import NotCarried, ProposedFile, ProposedImage, Skipped
from optimizer.adoption.propose import propose
from optimizer.adoption.starter import start
from optimizer.adoption.toml import render_toml
from optimizer.bases.lock import Lock
from optimizer.bases.mirror import Mirror
from optimizer.bases.tools import Tools
from optimizer.cli.options import of_project
from optimizer.config.settings import Settings, load_settings
from optimizer.errors import ContextError, Fault, LockError, OptimizerError, SpecError
from optimizer.linting.fixes import unified_diff
from optimizer.model.architectures import ARCHITECTURES, DEFAULT_ARCHITECTURE
from optimizer.model.spec import ImageSpec
from optimizer.planning import plan
from optimizer.planning.defaults import with_defaults
from optimizer.project.files import Project
from optimizer.report.adoption import adoption_as_text, adoption_to_dict


@click.command(name="init", short_help="Propose specs for hand-written Dockerfiles, SAM templates and CDK apps.")
@click.argument("name", required=False, metavar="[DIRECTORY]")
@click.option("--from", "source", metavar="PATH", help="A Dockerfile, a SAM template, or the output directory of cdk synth.")
@click.option("--context", metavar="DIRECTORY", help="Build context of the Dockerfile.  [default: its directory]")
@click.option("--runtime", metavar="RUNTIME", help="Runtime, such as python3.13, if it cannot be seen from the base image.")
@click.option("--architecture", type=click.Choice(ARCHITECTURES), help="Architecture, if it is not set anywhere else.")
@click.option("--output", default=".", metavar="DIRECTORY", help="Where the specs are written.  [default: .]")
@click.option("--force", is_flag=True, help="Overwrite existing files.")
@click.option("--diff", "--dry-run", "diff", is_flag=True, help="Print what would be written, and write nothing.")
@of_project
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    name: str | None,
    source: str | None,
    context: str | None,
    runtime: str | None,
    architecture: str | None,
    output: str,
    force: bool,
    diff: bool,
    root: Path | None,
    lock: Path | None,
    mirror: str | None,
    form: str,
) -> None:
    """Propose a spec, a *.image.toml file, for each image.

    With --from, for a hand-written Dockerfile, for each image function of a SAM
    template, or of a synthesized CDK app; functions whose specs are equal share
    one file. The report has every instruction of a Dockerfile: the step that
    replaces it, why it is not needed, or what is not carried over, and what to
    do by hand. Without --from, and with --runtime, for the code in DIRECTORY.

    Nothing is written when a file exists already, unless --force is given.
    Exits with 0 when everything is carried over, 1 when something is not, and 2
    for wrong usage or input.
    """
    if source is None and runtime is None:
        raise click.UsageError(
            "no Dockerfile, template, app or runtime is given\n  hint: optimizer init --from Dockerfile, or --runtime python3.13"
        )
    if source is not None and name is not None:
        raise click.UsageError("DIRECTORY can be given with --runtime only, not with --from")
    if context is not None and (source is None or source.endswith((".yaml", ".yml", ".json", "cdk.out"))):
        raise click.UsageError("--context can be given with a Dockerfile only: templates and apps name their own")
    settings = load_settings(".", root=root, lock=lock)
    through = Mirror.parse(mirror) if mirror is not None else settings.mirror
    project = Project(settings.root)
    pins = settings.load_lock()
    skipped: list[Skipped] = []
    if source is None:
        assert runtime is not None
        images = [_started(name or ".", runtime, architecture or settings.defaults.architecture, project)]
    else:
        expect("init --from", [source], besides=(Kind.DIRECTORY, Kind.MISSING, Kind.UNSYNTHESIZED))
        candidates, skipped = load_candidates(source, project.root, context=context, mirror=through)
        images = _proposed(candidates, skipped, project, through, settings.tools, runtime, architecture)
    files = _files(images, output)
    checked = [_checked(file, pins, project, through, settings) for file in files]
    unpinned = any(missing for _, missing in checked)
    files = [file for file, _ in checked]
    commands = (["optimizer pin"] if unpinned else []) + [f"optimizer plan {file.path}" for file in files[:1]]
    _write(files, force=force, only_shown=diff, form=form)
    if form == "json":
        click.echo(json.dumps(adoption_to_dict(files, skipped, commands), indent=2))
    else:
        click.echo(adoption_as_text(files, skipped, commands), nl=False, err=diff)
    sys.exit(0 if all(file.complete for file in files) and not any(item.not_carried for item in skipped) else 1)


def _proposed(
    candidates: Sequence[Candidate],
    skipped: list[Skipped],
    project: Project,
    mirror: Mirror,
    tools: Tools,
    runtime: str | None,
    architecture: str | None,
) -> list[tuple[Candidate | None, ProposedImage]]:
    """A proposal for each candidate; raises the faults of all when there is none at all."""
    found: list[tuple[Candidate | None, ProposedImage]] = []
    faults: list[Fault] = []
    for item in candidates:
        try:
            proposal = propose(
                item.subject,
                directory=item.directory,
                project=project,
                mirror=mirror,
                tools=tools,
                function=item.declared,
                architecture=architecture,
                runtime=runtime,
                secrets=item.secrets,
            )
        except OptimizerError as error:
            here = [
                replace(fault, hint=fault.hint.replace("name the runtime,", "name the runtime with --runtime,")) for fault in error.faults
            ]
            faults += here
            fault = here[0]
            skipped.append(Skipped(item.function, str(Fault(fault.message, fault.place)), NotCarried(fault.message, fault.hint)))
            continue
        hidden = tuple(NotCarried(message, SET_IT) for message in item.hidden)
        proposal = replace(proposal, not_carried=(*proposal.not_carried, *hidden))
        found.append((item, ProposedImage(function=item.function, id=item.id, proposal=proposal)))
    if faults and not found:
        raise SpecError(faults)
    return found


def _started(directory: str, runtime: str, architecture: str | None, project: Project) -> tuple[Candidate | None, ProposedImage]:
    proposal = start(runtime, os.path.normpath(directory), project, architecture or DEFAULT_ARCHITECTURE)
    name = slug(os.path.basename(os.path.realpath(os.path.join(project.root, directory)))) or "function"
    return None, ProposedImage(function="", id="".join(part.capitalize() for part in name.split("-")), proposal=proposal)


def _files(images: Sequence[tuple[Candidate | None, ProposedImage]], output: str) -> list[ProposedFile]:
    """One file for each spec, with all functions that have it."""
    groups: list[list[tuple[Candidate | None, ProposedImage]]] = []
    for item in images:
        group = next((group for group in groups if group[0][1].proposal.spec == item[1].proposal.spec), None)
        if group is None:
            groups.append([item])
        else:
            group.append(item)
    files: list[ProposedFile] = []
    taken: set[str] = set()
    for group in groups:
        candidate, first = group[0]
        stem = candidate.stem if candidate else slug(first.id)
        if stem in taken and first.function:
            stem = slug(first.function)
        number = 2
        while stem in taken:
            stem, number = f"{stem}-{number}", number + 1
        taken.add(stem)
        names = [image.function for _, image in group if image.function]
        files.append(
            ProposedFile(
                path=os.path.normpath(os.path.join(output, stem + SPEC_SUFFIX)),
                text=render_toml(first.proposal, names),
                images=tuple(image for _, image in group),
            )
        )
    return files


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


def _write(files: Sequence[ProposedFile], *, force: bool, only_shown: bool, form: str) -> None:
    """Write all files, or none; or show them as a patch."""
    before = {file.path: _read(file.path) for file in files}
    if only_shown:
        if form == "text":
            for file in files:
                click.echo(unified_diff(file.path, before[file.path], file.text.encode("utf-8")), nl=False)
        return
    there = [path for path, data in before.items() if data is not None]
    if there and not force:
        raise ContextError(
            f"{', '.join(there)}: exists already; nothing is written", hint="see the difference with --diff, or overwrite it with --force"
        )
    written: list[str] = []
    try:
        for file in files:
            Path(file.path).parent.mkdir(parents=True, exist_ok=True)
            replace_file(Path(file.path), file.text, "the spec", ContextError)
            written.append(file.path)
    except (OptimizerError, OSError) as error:
        for path in written:
            data = before[path]
            if data is None:
                Path(path).unlink(missing_ok=True)
            else:
                Path(path).write_bytes(data)
        if isinstance(error, OSError):
            raise ContextError(f"the specs cannot be written: {error}", hint="check the directory and its permissions") from None
        raise


def _read(path: str) -> bytes | None:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ContextError(f'"{path}" cannot be read: {error.strerror}', path, "check the directory and its permissions") from None
