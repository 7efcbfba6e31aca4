"""``optimizer publish``: images into their repositories, without building what these have."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.adapters.assembly import AssemblyImage, load_images
from optimizer.adapters.kinds import expect
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.credentials import DefaultCredentials
from optimizer.cli.destinations import asset_tags, parse_repository
from optimizer.errors import ContextError
from optimizer.model.publication import ImageResult, LeftImage
from optimizer.model.reference import ImageReference
from optimizer.publishing.asking import present
from optimizer.report.publish import publication_as_text, publication_to_dict

if TYPE_CHECKING:
    from optimizer.publishing.images import PublishImage


@click.command(name="publish", short_help="Publish images, and build only what no repository has.")
@click.argument("app", metavar="APP", type=click.Path(path_type=Path))
@click.option(
    "--repository",
    metavar="HOST/NAME",
    help="Repository of all images.  [default: that of each stack, where its account and region are known]",
)
@click.option("--reuse", metavar="HOST/NAME", multiple=True, help="Another repository to take layers from; repeatable.")
@click.option("--no-host", is_flag=True, help="Let no tool of this machine make a layer, but a container engine alone.")
@click.option("--no-engine", is_flag=True, help="Ask no container engine, and fail where a stage needs one.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the report.")
def command(app: Path, repository: str | None, reuse: tuple[str, ...], no_host: bool, no_engine: bool, form: str) -> None:
    """Publish the images of APP, the output directory of cdk synth, as cdk deploy would.

    Layers that the repository has are found by the keys of their stages, at one
    request each. Files and code are packed here. What else is new is built stage
    by stage by the container engine; the image is assembled and pushed without
    it. cdk deploy then finds every image, and builds nothing.

    Images whose Dockerfile people wrote, or changed, are left to cdk deploy, and
    named.
    """
    reference = parse_repository(repository) if repository is not None else None
    others = [parse_repository(text, "--reuse") for text in reuse]
    expect("publish", [str(app)])
    images = load_images(app)
    if not images:
        raise ContextError(f'the app in "{app}" has no image', str(app), "declare an OptimizedFunction, and run cdk synth again")
    built = [image for image in images if image.directory is not None]
    tags = {asset: tuple(map(ImageReference.parse, names)) for asset, names in asset_tags(built, reference).items()} if built else {}
    started = time.monotonic()
    with HttpRegistry(DefaultCredentials()) as registry:
        there = present([name for names in tags.values() for name in names], registry)
        results = [
            ImageResult(name=image.name, reference=str(name), state="present")
            for image in built
            for name in tags[image.asset]
            if name in there
        ]
        missing = {asset: tuple(name for name in names if name not in there) for asset, names in tags.items()}
        found = [_planned(image, missing.get(image.asset, ())) for image in images if image.directory is None or missing[image.asset]]
        left = [each for each in found if isinstance(each, LeftImage)]
        planned_images = [each for each in found if not isinstance(each, LeftImage)]
        if planned_images:
            # Imported here: where a repository has everything, nothing else is needed.
            from optimizer.publishing.publish import publish

            results += publish(
                planned_images,
                registry,
                reuse=others,
                host=not no_host,
                engine=not no_engine,
                ask=False,
                report=lambda line: click.echo(line, err=True),
            )
    seconds = time.monotonic() - started
    if form == "json":
        click.echo(json.dumps(publication_to_dict(results, left, seconds), indent=2))
    else:
        click.echo(publication_as_text(results, left, seconds))


def _planned(image: AssemblyImage, destinations: tuple[ImageReference, ...]) -> PublishImage | LeftImage:
    """The image to publish under the names, or why it is left to CDK."""
    from optimizer.publishing.images import PublishImage
    from optimizer.publishing.planned import NotPlanned, planned

    if image.directory is None:
        return LeftImage(name=image.name, reason="a program makes it")
    try:
        kept = planned(image.directory, image.options)
    except NotPlanned as why:
        return LeftImage(name=image.name, reason=f"{why}; {why.hint}" if why.hint else str(why))
    return PublishImage(name=image.name, kept=kept, directory=image.directory, destinations=destinations, options=image.options)
