"""``optimizer sam``: images of specifications for the functions of SAM templates."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from optimizer.adapters.adoption import load_candidates
from optimizer.adapters.kinds import expect
from optimizer.adapters.sam_project import SamFunction, load_sam_project
from optimizer.adoption.proposal import ProposedFile, Skipped
from optimizer.bases.mirror import Mirror
from optimizer.builders.docker.render import Profile
from optimizer.cli.destinations import parse_repository
from optimizer.cli.options import of_project
from optimizer.cli.proposals import proposed, proposed_files
from optimizer.cli.sam_images import CONTEXTS, as_data, named_specs, sam_images
from optimizer.config.settings import Settings, load_settings
from optimizer.errors import OptimizerError
from optimizer.project.files import Project
from optimizer.report.sam import sam_as_text, sam_to_dict
from optimizer.sam.config import DEFAULT_ENVIRONMENT


@click.command(name="sam", short_help="Generate the images of SAM templates from specs, and set the templates to build them.")
@click.argument("template", type=click.Path(path_type=Path))
@click.option("--write", is_flag=True, help="Write build contexts, and edit the template and samconfig.")
@click.option("--diff", is_flag=True, help="Print what --write would change as a patch, and write nothing.")
@click.option("--check", is_flag=True, help="Exit with 1 where something that is there is not as --write would write it.")
@click.option("--spec", "specs", metavar="FUNCTION=SPEC", multiple=True, help="Spec of a function that names none yet; repeatable.")
@click.option("--image-repository", metavar="URI", help="Repository of all images, for samconfig.  [default: as it says]")
@click.option(
    "--profile",
    type=click.Choice([profile.value for profile in Profile]),
    default=Profile.BUILDKIT.value,
    show_default=True,
    help="Builder: BuildKit, or the classic one of plain sam build.",
)
@click.option(
    "--config-env", "environment", default=DEFAULT_ENVIRONMENT, show_default=True, metavar="NAME", help="Environment of samconfig."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIRECTORY",
    help="Where build contexts are written.  [default: .optimizer beside TEMPLATE]",
)
@click.option("--force", is_flag=True, help="Overwrite directories that people wrote.  [default: ask, where there is a terminal]")
@of_project
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the report.")
def command(
    template: Path,
    write: bool,
    diff: bool,
    check: bool,
    specs: tuple[str, ...],
    image_repository: str | None,
    profile: str,
    environment: str,
    output: Path | None,
    force: bool,
    root: Path | None,
    lock: Path | None,
    mirror: str | None,
    form: str,
) -> None:
    """Show which function of TEMPLATE has which spec, what is generated of it, and what the rules find.

    A function names its spec, a *.image.toml file, as ImageSpec in its
    Metadata, or --spec names it. With --write, each spec becomes a build
    context, which sam build builds, and the template, and those that it nests,
    are set to it: functions with equal specs have equal Metadata, which SAM CLI
    builds once. All else in the files stays as it is. samconfig gets the
    builder, parallel builds, and with --image-repository the one repository.

    Build contexts are made anew by each --write, and belong into no version
    control. Exits with 0, with 1 where --check finds a template, a samconfig or
    a build context that is not current, and with 2 for wrong usage or input.

    \b
    Examples:
      optimizer sam template.yaml
      optimizer sam template.yaml --spec Api=functions/api.image.toml --write
      optimizer sam template.yaml --check
    """
    if write + diff + check > 1:
        raise click.UsageError("--write, --diff and --check exclude each other")
    expect("sam", [str(template)])
    if image_repository is not None:
        parse_repository(image_repository, "--image-repository")
    settings = load_settings(".", root=root, lock=lock)
    through = Mirror.parse(mirror) if mirror is not None else settings.mirror
    project = load_sam_project(str(template), environment, through, named_specs(specs))
    images = sam_images(
        project,
        profile=Profile(profile),
        output=output or template.parent / CONTEXTS,
        environment=environment,
        repository=image_repository,
        root=root,
        lock=lock,
        mirror=mirror,
    )
    if diff:
        click.echo(images.patch(), nl=False)
        return
    # Before anything is written, as that is what the report compares.
    functions, changed, outdated = as_data(images), images.changed, images.outdated
    without = [function for function in project.functions if function.spec is None and not function.why]
    proposals = _proposals(template, settings, through, without) if without else []
    if write:
        images.write(force=force or _agreed(images.foreign))
    findings = _findings(template, project.functions, settings, environment, mirror)
    if form == "json":
        click.echo(json.dumps(sam_to_dict(functions, findings, proposals, changed, written=write), indent=2))
    else:
        others = [f"optimizer sam {template} --write --config-env {name}" for name in images.others]
        click.echo(sam_as_text(functions, findings, proposals, changed, str(template), written=write, others=others), nl=False)
    sys.exit(1 if check and outdated else 0)


def _proposals(template: Path, settings: Settings, mirror: Mirror, functions: list[SamFunction]) -> list[ProposedFile]:
    """The specs that ``optimizer init`` would write for functions that have none."""
    project = Project(settings.root)
    names = {function.construct for function in functions}
    try:
        candidates, skipped = load_candidates(str(template), project.root, mirror=mirror)
        wanted = [candidate for candidate in candidates if candidate.function in names]
        rest: list[Skipped] = list(skipped)
        return proposed_files(proposed(wanted, rest, project, mirror, settings.tools, None, None), str(template.parent))
    except OptimizerError:
        # What there is to say of them, init says.
        return []


def _agreed(paths: Sequence[str]) -> bool:
    """Whether somebody at a terminal says that what people wrote may be overwritten; without a terminal nobody does."""
    if not paths or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    names = ", ".join(f'"{path}"' for path in paths)
    return click.confirm(f"{names}: there, and not generated. Overwrite?", err=True)


def _findings(
    template: Path, functions: tuple[SamFunction, ...], settings: Settings, environment: str, mirror: str | None
) -> dict[str, list[str]]:
    """The ids of the rules that each function, or its Dockerfile, breaks."""
    # Imported here, because the rules take longer to load than all else.
    from optimizer.checking.collect import BuiltImages
    from optimizer.checking.run import Run

    run = Run([str(template)], BuiltImages(()), root=settings.root, mirror=mirror, environment=environment)
    report = run.compare(run.check())
    found: dict[str, list[str]] = {function.construct: [] for function in functions}
    for finding in report.findings:
        for function in functions:
            if function.construct in (finding.location.construct, *finding.also):
                found[function.construct].append(finding.rule)
    return found
