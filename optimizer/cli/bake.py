"""``optimizer bake``: one build of all images of a synthesized app."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import click

from optimizer.adapters.assembly import AssemblyImage, load_assembly, load_images
from optimizer.adapters.engine_clients import Client, named_client
from optimizer.adapters.engine_program import building_program
from optimizer.adapters.files import replace_file
from optimizer.adapters.kinds import expect
from optimizer.adapters.plan_files import planned_image
from optimizer.adapters.repository_tags import repository_tags
from optimizer.builders.docker.bake import BakeImage, bake_file
from optimizer.cli.destinations import asset_tags, parse_repository
from optimizer.cli.options import quiet_option
from optimizer.errors import ConfigurationError, ContextError, Fault, RegistryError, UnknownImageError
from optimizer.linting.facts.repositories import repository_of, same_everywhere, tag_of
from optimizer.model.reference import ImageReference
from optimizer.model.secret import rebased_source
from optimizer.report.counts import counted


@click.command(name="bake", short_help="Write one file that builds all images of a synthesized app, for docker buildx bake.")
@click.argument("app", metavar="APP", type=click.Path(path_type=Path))
@click.option(
    "--repository",
    metavar="HOST/NAME",
    help="Repository of all images.  [default: that of each stack, where its account and region are known]",
)
@click.option("--only-new", is_flag=True, help="Ask the registry, and leave out the images that it has already.")
@quiet_option()
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write the file here.  [default: standard output]")
def command(app: Path, repository: str | None, only_new: bool, output: Path | None) -> None:
    """Write one bake file for all images of APP, the output directory of cdk synth.

    Stages that images have in common are one target, so that one call of docker
    buildx bake builds the fleet, each part of it once, on any builder. Every
    image gets the tag that CDK looks for: after a push, cdk deploy builds
    nothing. Run docker buildx bake in the directory where you run this: the
    paths in the file start there.

    Tags of an asset repository are immutable: use --only-new before a push.
    Without new images, the file is empty.

    \b
    Examples:
      optimizer bake cdk.out
      docker buildx bake --file docker-bake.json
    """
    reference = parse_repository(repository) if repository is not None else None
    expect("bake", [str(app)])
    program = building_program()
    if named_client(program.name) is not Client.BUILDKIT:
        click.echo(
            f'warning: {program.variable} names "{program.name}", which builds no bake files: docker buildx bake does, on any BuildKit; '
            "optimizer publish needs no builder where layers are known",
            err=True,
        )
    images = load_images(app)
    for image in images:
        if image.directory is None:
            click.echo(f"warning: {image.name}: this image is made by a program, which cdk deploy runs", err=True)
        if image.platforms:
            click.echo(f"warning: {image.name}: this is an index of several platforms, which optimizer publish pushes", err=True)
    built = [image for image in images if image.directory is not None and not image.platforms]
    if not built and any(image.platforms for image in images):
        raise ContextError(
            f'the app in "{app}" has no image for a bake file: those of its customer-managed runtimes are indexes, which optimizer publish makes',
            str(app),
            "run optimizer publish; optimizer runtimes then asks Lambda whether it takes them",
        )
    if not built:
        raise ContextError(f'the app in "{app}" has no image to build', str(app), "declare an OptimizedFunction, and run cdk synth again")
    tags = asset_tags(built, reference)
    if only_new:
        known = _in_registry(tags)
        click.echo(f"{len(known)} of {len(built)} images are in the repository already", err=True)
        built = [image for image in built if image.asset not in known]
    made = [_bake_image(image, tags[image.asset]) for image in built]
    _check_caches(app, made)
    file = bake_file(made)
    if output is None:
        click.echo(file.text, nl=False)
    else:
        replace_file(output, file.text, "the bake file", ContextError)
        click.echo(f"wrote {output}: {file.images} images, {file.shared} shared stages", err=True)


def _in_registry(tags: Mapping[str, tuple[str, ...]]) -> set[str]:
    """The assets whose images the registries have under all their tags.

    Raises RegistryError where one gives no answer, or has an index in the place of an image.
    """
    # Imported here: only this option needs an HTTP client.
    from optimizer.adapters.progress import told
    from optimizer.adapters.registry.client import HttpRegistry
    from optimizer.adapters.registry.credentials import DefaultCredentials
    from optimizer.cli.progress import shown_progress
    from optimizer.model.progress import Moved, Task
    from optimizer.publishing.asking import index_fault

    found, faults = set(), []
    task = Task(action="finding", subject=counted(len(tags), "image"), count=len(tags))
    with HttpRegistry(DefaultCredentials()) as registry, shown_progress() as report, told(task, report):
        for number, (asset, references) in enumerate(tags.items()):
            report(Moved(task, number))
            try:
                for name in map(ImageReference.parse, references):
                    if registry.resolve(name).kind == "index":
                        faults.append(index_fault(name))
            except UnknownImageError:
                continue
            found.add(asset)
    if faults:
        raise RegistryError(faults)
    return found


def _bake_image(image: AssemblyImage, tags: tuple[str, ...]) -> BakeImage:
    directory = image.directory
    assert directory is not None
    options = image.options
    path = directory / options.dockerfile
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContextError(f'"{path}" cannot be read: {error}', str(path), "run cdk synth again") from None
    found = planned_image(directory, options, text)
    if found.note:
        click.echo(f"warning: {image.name} is built as it is, without sharing stages: {found.note}; run cdk synth again", err=True)
    return BakeImage(
        name=image.name,
        asset=image.asset,
        context=directory.as_posix(),
        tags=tags,
        options=replace(
            options,
            contexts={name: _from_here(directory, value) for name, value in options.contexts.items()},
            # CDK builds in the directory of the image.
            secrets={name: rebased_source(source, directory.as_posix()) for name, source in options.secrets.items()},
        ),
        planned=found.planned,
    )


def _from_here(directory: Path, path: str) -> str:
    return path if "://" in path or path.startswith(("/", "~")) else Path(os.path.normpath(directory / path)).as_posix()


def _check_caches(app: Path, images: Iterable[BakeImage]) -> None:
    """Raise ConfigurationError for a cache that would be written into a repository of images, to a tag that cannot move."""
    images = list(images)
    repositories = {tag.rpartition(":")[0] for image in images for tag in image.tags}
    written = []
    for image in images:
        cache = image.options.cache_to
        reference = dict(cache.parameters).get("ref", "") if cache is not None else ""
        if reference.rpartition(":")[0] in repositories:
            written.append((image, reference))
    if not written:
        return
    tags = repository_tags(load_assembly(app).repositories)
    faults = []
    for image, reference in written:
        known = tags.get(same_everywhere(repository_of(reference)))
        if known is None or not known.may_move(tag_of(reference)):
            faults.append(
                Fault(
                    f'the cache goes to "{reference}", into the repository of the images, where this tag cannot move',
                    image.name,
                    "keep the cache in a repository of its own, or let the tag move: SharedAssetRepository(..., mutable_tags=[...])",
                )
            )
    if faults:
        raise ConfigurationError(faults)
