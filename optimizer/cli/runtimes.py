"""``optimizer runtimes``: whether Lambda takes the customer-managed runtimes of an app."""

from __future__ import annotations

import json
from pathlib import Path

import click

from optimizer.adapters.assembly import AssemblyRuntimeVersion, load_runtime_versions
from optimizer.adapters.kinds import expect
from optimizer.adapters.lambda_core import LambdaCore
from optimizer.cli.destinations import parse_repository
from optimizer.errors import ConfigurationError, ContextError
from optimizer.model.ecr import EcrRegistry
from optimizer.model.runtime_check import CheckedVersion, VersionAnswer
from optimizer.report.runtimes import runtimes_as_text, runtimes_to_dict

_SUFFIX = "${AWS::URLSuffix}"


@click.command(name="runtimes", short_help="Ask Lambda whether it takes the customer-managed runtimes of an app.")
@click.argument("app", metavar="APP", type=click.Path(path_type=Path))
@click.option(
    "--repository",
    metavar="HOST/NAME",
    help="Repository of the images, where the account and Region of a stack are known at deployment only.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the report.")
@click.pass_context
def command(context: click.Context, app: Path, repository: str | None, form: str) -> None:
    """Ask Lambda whether it takes each version of a runtime in APP, the output
    directory of cdk synth, as cdk deploy will make it.

    Nothing is made: Lambda checks the image and answers. Push the images first,
    with optimizer publish. A runtime that is not there yet cannot be asked about.

    Exits with 1 when Lambda refuses one.

    \b
    Examples:
      optimizer runtimes cdk.out
      optimizer runtimes cdk.out --format json
    """
    named = parse_repository(repository) if repository is not None else None
    registry = EcrRegistry.parse(named.registry) if named is not None else None
    if named is not None and registry is None:
        raise ConfigurationError(f'"{named}" is no repository of Amazon ECR, whose host tells account and Region', "--repository")
    expect("runtimes", [str(app)])
    versions = load_runtime_versions(app)
    if not versions:
        raise ContextError(f'the app in "{app}" has no runtime', str(app), "declare a CustomerManagedRuntime, and run cdk synth again")
    core = LambdaCore()
    checked = [_checked(version, version.registry or registry, core) for version in versions]
    click.echo(json.dumps(runtimes_to_dict(checked), indent=2) if form == "json" else runtimes_as_text(checked))
    if any(each.answer.state == "refused" for each in checked):
        context.exit(1)


def _checked(version: AssemblyRuntimeVersion, registry: EcrRegistry | None, core: LambdaCore) -> CheckedVersion:
    declared = version.declared
    runtime, name, image = declared.runtime_name or "", declared.name or "", declared.image_uri or ""
    if registry is not None:
        image = registry.specialize(image).replace(_SUFFIX, registry.host.partition(f".{registry.region}.")[2])
    unknown = [key for key, value in (("RuntimeName", runtime), ("Name", name), ("ImageUri", image)) if not value or "${" in value]
    if unknown or registry is None:
        hint = "; name the repository with --repository HOST/NAME" if registry is None else ""
        reason = f"{', '.join(unknown) or 'the Region'} is known at deployment only{hint}"
        answer = VersionAnswer(state="unknown", reason=reason)
    else:
        answer = core.check_version(registry.region, runtime, name, image)
    return CheckedVersion(name=version.path, runtime=runtime, version=name, image=image, answer=answer)
