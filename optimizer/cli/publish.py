"""``optimizer publish``: images into their repositories, without building what these have."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.adapters.assembly import AssemblyImage, load_images
from optimizer.adapters.kinds import expect
from optimizer.adapters.path_names import is_spec, is_template
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.credentials import DefaultCredentials
from optimizer.checking.admission import admission
from optimizer.cli.destinations import asset_tags, parse_repository
from optimizer.cli.options import of_project, quiet_option, text_width
from optimizer.errors import ConfigurationError, ContextError, SpecError
from optimizer.model.publication import INDEX, PRESENT, ImageResult, LeftImage, PublishedSize, published_sizes
from optimizer.model.reference import ImageReference
from optimizer.publishing.asking import index_fault, present
from optimizer.report.publish import publication_as_text, publication_to_dict
from optimizer.sam.config import DEFAULT_ENVIRONMENT

if TYPE_CHECKING:
    from optimizer.cli.runtime_index import RuntimeIndex
    from optimizer.cli.spec_image import SpecImage
    from optimizer.publishing.images import PublishImage
    from optimizer.publishing.indexes import PublishIndex


@click.command(name="publish", short_help="Publish images, and build only what no repository has.")
@click.argument("target", metavar="APP|SPEC|TEMPLATE", type=click.Path(path_type=Path))
@click.option(
    "--repository",
    metavar="HOST/NAME",
    help="Repository of all images.  [default: of an app that of each stack, where its account and region are known; "
    "of a template that of samconfig]",
)
@click.option("--runtime", is_flag=True, help="Of SPEC, the image of a customer-managed runtime: for both architectures, under one index.")
@click.option("--tag", metavar="TAG", help="Tag of the image of SPEC.  [default: the one that CDK would give it]")
@click.option(
    "--output-template",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Of TEMPLATE, the packaged template.  [default: beside it, such as template.packaged.yaml]",
)
@click.option("--config-env", "environment", metavar="NAME", help="Of TEMPLATE, the environment of samconfig.  [default: default]")
@click.option("--reuse", metavar="HOST/NAME", multiple=True, help="Another repository to take layers from; repeatable.")
@click.option("--no-host", is_flag=True, help="Let no tool of this machine make a layer, but a container engine alone.")
@click.option("--no-engine", is_flag=True, help="Ask no container engine, and fail where a stage needs one.")
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The report in JSON of the last deployment, which budgets for growth are held against.",
)
@of_project
@quiet_option()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the report.")
@click.pass_context
def command(
    context: click.Context,
    target: Path,
    repository: str | None,
    runtime: bool,
    tag: str | None,
    output_template: Path | None,
    environment: str | None,
    reuse: tuple[str, ...],
    no_host: bool,
    no_engine: bool,
    against: Path | None,
    root: Path | None,
    lock: Path | None,
    mirror: str | None,
    form: str,
) -> None:
    """Publish the images of APP, the output directory of cdk synth, as cdk deploy
    would, the image of SPEC, a *.image.toml file, or those of the functions of
    TEMPLATE, a SAM template, that name a specification.

    Layers that the repository has are found by the keys of their stages, at one
    request each. Files and code are packed here. What else is new is built stage
    by stage by the container engine; the image is assembled and pushed without
    it. cdk deploy then finds every image, and builds nothing.

    Images of an app whose Dockerfile people wrote, or changed, are left to cdk
    deploy, and named.

    For a template, a packaged one is written, whose functions name what was
    pushed: sam deploy --template-file takes it, and needs no Docker. Functions
    without a specification are left as they are, and named.

    Images that are about to be pushed are held against the budgets of
    optimizer.toml. Exits with 1 when one is exceeded, and publishes nothing then.

    Exits with 1 when a repository has an image index under the name of an image:
    a deployment would take it for the image, and Lambda refuses it. No packaged
    template is written then.

    \b
    Examples:
      optimizer publish cdk.out
      optimizer publish cdk.out --against last.json --format json > next.json
      optimizer publish template.yaml --repository 123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop
    """
    reference = parse_repository(repository) if repository is not None else None
    before: Mapping[str, PublishedSize] = {}
    if against is not None:
        from optimizer.adapters.measurements import read_published_sizes

        before = read_published_sizes(against)
    ways = _Ways(
        target=target,
        before=before,
        reuse=[parse_repository(text, "--reuse") for text in reuse],
        host=not no_host,
        engine=not no_engine,
    )
    expect("publish", [str(target)])
    of_spec = is_spec(target.name) and not target.is_dir()
    of_template = not of_spec and is_template(target.name) and not target.is_dir()
    if not of_template and (output_template is not None or environment is not None):
        raise click.UsageError("--output-template and --config-env are for a template")
    _check_options(of_spec, tag, runtime, () if of_template else (root, lock, mirror))
    started = time.monotonic()
    left: Sequence[LeftImage] = ()
    written: Sequence[str] = ()
    with HttpRegistry(DefaultCredentials()) as registry:
        if of_spec and runtime:
            from optimizer.cli.runtime_index import runtime_index

            name = _name_of_spec(reference, tag)
            results = _publish_runtime(runtime_index(target, root=root, lock=lock, mirror=mirror), name, registry, ways)
        elif of_spec:
            from optimizer.cli.spec_image import spec_image

            name = _name_of_spec(reference, tag)
            results = _publish_spec(spec_image(target, root=root, lock=lock, mirror=mirror), name, registry, ways)
        elif of_template:
            from optimizer.cli.publish_template import template_images

            images = template_images(
                str(target),
                repository=reference,
                output=output_template,
                environment=environment or DEFAULT_ENVIRONMENT,
                root=root,
                lock=lock,
                mirror=mirror,
            )
            left = images.left
            results, written = images.publish(registry, lambda missing: ways.publish(missing, registry))
        else:
            results, left = _publish_app(target, reference, registry, ways)
    seconds = time.monotonic() - started
    if form == "json":
        click.echo(json.dumps(publication_to_dict(results, left, seconds, written, published_sizes(results, before)), indent=2))
    else:
        click.echo(
            publication_as_text(results, left, seconds, written, builder="sam build" if of_template else "cdk deploy", width=text_width())
        )
    indexes = [ImageReference.parse(result.reference) for result in results if result.state == INDEX]
    for index in indexes:
        click.echo(f"error: {index_fault(index)}", err=True)
    if indexes:
        context.exit(1)


def _check_options(of_spec: bool, tag: str | None, runtime: bool, project: Sequence[object]) -> None:
    if not of_spec and runtime:
        raise click.UsageError("--runtime says what SPEC is for")
    if not of_spec and tag is not None:
        raise click.UsageError("--tag names the image of a specification; others get the tags that CDK would give them")
    if not of_spec and any(option is not None for option in project):
        raise click.UsageError("--root, --lock and --mirror are for specifications; an app was synthesized with its own")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ways:
    """How layers are had: the options of :func:`publish` of that name.

    ``target`` is what is published, and ``before`` the sizes of the last deployment.
    """

    target: Path
    before: Mapping[str, PublishedSize]
    reuse: Sequence[ImageReference]
    host: bool
    engine: bool

    def publish(self, images: Sequence[PublishImage], registry: HttpRegistry) -> tuple[ImageResult, ...]:
        """Publish images, of which it is known that they are not there, or that their names are to be theirs."""
        # Imported here: where a repository has everything, nothing else is needed.
        from optimizer.cli.progress import shown_progress
        from optimizer.publishing.publish import publish

        with shown_progress() as report:
            admit = admission(str(self.target), images, report, before=self.before)
            return publish(images, registry, reuse=self.reuse, host=self.host, engine=self.engine, ask=False, report=report, admit=admit)

    def publish_index(self, index: PublishIndex, registry: HttpRegistry) -> tuple[ImageResult, ...]:
        """Publish an index with its images."""
        # Imported here for the same reason.
        from optimizer.cli.progress import shown_progress
        from optimizer.publishing.indexes import publish_index

        with shown_progress() as report:
            admit = admission(str(self.target), index.made, report, before=self.before)
            return publish_index(index, registry, reuse=self.reuse, host=self.host, engine=self.engine, report=report, admit=admit)


def _name_of_spec(repository: ImageReference | None, tag: str | None) -> ImageReference:
    """The name of a specification's image, without a tag where it gets its own."""
    if repository is None:
        raise ConfigurationError(
            "the image of a specification has no repository of its own", "--repository", "name one: --repository HOST/NAME"
        )
    if tag is None:
        return repository
    try:
        name = ImageReference.parse(f"{repository.name}:{tag}")
    except SpecError:
        name = None
    if name is None or name.digest is not None:
        raise ConfigurationError(
            f'"{tag}" is not a tag; allowed: letters, digits, "_", "-" and ".", at most 128 of them', "--tag", "for example 1.4.2"
        )
    return name


def _publish_spec(image: SpecImage, name: ImageReference, registry: HttpRegistry, ways: _Ways) -> list[ImageResult]:
    if name.tag is None:
        name = replace(name, tag=image.tag)
        there = present([name], registry)
        if name in there:
            return [ImageResult(name=image.name, reference=str(name), state=there[name])]
    with image.staged([name]) as staged:
        return list(ways.publish([staged], registry))


def _publish_runtime(index: RuntimeIndex, name: ImageReference, registry: HttpRegistry, ways: _Ways) -> list[ImageResult]:
    if name.tag is None:
        name = replace(name, tag=index.tag)
        if present([name], registry):
            return [ImageResult(name=index.name, reference=str(name), state=PRESENT)]
    with index.staged([name]) as staged:
        return list(ways.publish_index(staged, registry))


def _publish_app(
    app: Path, repository: ImageReference | None, registry: HttpRegistry, ways: _Ways
) -> tuple[list[ImageResult], list[LeftImage]]:
    images = load_images(app)
    if not images:
        raise ContextError(
            f'the app in "{app}" has no image',
            str(app),
            "declare an OptimizedFunction or a CustomerManagedRuntime, and run cdk synth again",
        )
    built = [image for image in images if image.directory is not None]
    tags = {asset: tuple(map(ImageReference.parse, names)) for asset, names in asset_tags(built, repository).items()} if built else {}
    there = present([name for names in tags.values() for name in names], registry)
    results = [
        # An index is what a runtime is meant to be.
        ImageResult(name=image.name, reference=str(name), state=PRESENT if image.platforms else there[name])
        for image in built
        for name in tags[image.asset]
        if name in there
    ]
    missing = {asset: tuple(name for name in names if name not in there) for asset, names in tags.items()}
    wanted = [image for image in images if image.directory is None or missing[image.asset]]
    found = [_planned(image, missing.get(image.asset, ())) for image in wanted if not image.platforms]
    left = [each for each in found if isinstance(each, LeftImage)]
    to_publish = [each for each in found if not isinstance(each, LeftImage)]
    if to_publish:
        results += ways.publish(to_publish, registry)
    for image in wanted:
        if image.platforms:
            results += ways.publish_index(_index(image, missing[image.asset]), registry)
    return results, left


def _index(image: AssemblyImage, destinations: tuple[ImageReference, ...]) -> PublishIndex:
    from optimizer.publishing.indexes import index_of_directory

    assert image.directory is not None
    return index_of_directory(image.name, image.directory, image.platforms, destinations)


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
