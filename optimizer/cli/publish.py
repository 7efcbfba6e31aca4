"""``optimizer publish``: images into their repositories, without building what these have."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from optimizer.adapters.assembly import AssemblyImage, load_images
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.credentials import DefaultCredentials
from optimizer.cli.destinations import asset_tags, parse_repository
from optimizer.errors import ContextError
from optimizer.model.publication import LeftImage
from optimizer.model.reference import ImageReference
from optimizer.publishing.images import PublishImage
from optimizer.publishing.planned import NotPlanned, planned
from optimizer.publishing.publish import publish
from optimizer.report.publish import publication_as_text, publication_to_dict


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
    images = load_images(app)
    if not images:
        raise ContextError(f'the app in "{app}" has no image', str(app), "declare an OptimizedFunction, and run cdk synth again")
    sorted_out = _sort_out(images, reference)
    started = time.monotonic()
    with HttpRegistry(DefaultCredentials()) as registry:
        results = publish(
            sorted_out.published,
            registry,
            reuse=others,
            host=not no_host,
            engine=not no_engine,
            report=lambda line: click.echo(line, err=True),
        )
    seconds = time.monotonic() - started
    if form == "json":
        click.echo(json.dumps(publication_to_dict(results, sorted_out.left, seconds), indent=2))
    else:
        click.echo(publication_as_text(results, sorted_out.left, seconds))


@dataclass(frozen=True, slots=True)
class _Sorted:
    """What is published, and what is left to CDK."""

    published: tuple[PublishImage, ...]
    left: tuple[LeftImage, ...]


def _sort_out(images: Sequence[AssemblyImage], repository: ImageReference | None) -> _Sorted:
    published: list[tuple[AssemblyImage, PublishImage]] = []
    left: list[LeftImage] = []
    for image in images:
        found = _planned(image)
        if isinstance(found, str):
            left.append(LeftImage(name=image.name, reason=found))
        else:
            published.append((image, found))
    tags = asset_tags([image for image, _ in published], repository) if published else {}
    return _Sorted(
        tuple(
            PublishImage(
                name=found.name,
                kept=found.kept,
                directory=found.directory,
                destinations=tuple(map(ImageReference.parse, tags[image.asset])),
                options=found.options,
            )
            for image, found in published
        ),
        tuple(left),
    )


def _planned(image: AssemblyImage) -> PublishImage | str:
    """The image without its destinations, or why it is left to CDK."""
    directory = image.directory
    if directory is None:
        return "a program makes it"
    try:
        kept = planned(directory, image.options)
    except NotPlanned as why:
        return f"{why}; {why.hint}" if why.hint else str(why)
    return PublishImage(name=image.name, kept=kept, directory=directory, destinations=(), options=image.options)
