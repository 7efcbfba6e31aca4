"""``optimizer bake``: one build of all images of a synthesized app."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from optimizer.adapters.assembly import AssemblyImage, Destination, load_images
from optimizer.adapters.files import replace_file
from optimizer.adapters.plan_files import FoundPlan, plan_beside
from optimizer.builders.docker.bake import BakeImage, bake_file
from optimizer.builders.docker.render import render
from optimizer.errors import ConfigurationError, ContextError, Fault, SpecError, UnknownImageError
from optimizer.model.ecr import EcrRegistry
from optimizer.model.reference import ImageReference
from optimizer.model.secret import rebased_source


@click.command(name="bake", short_help="Write one file that builds all images of a synthesized app, for docker buildx bake.")
@click.argument("app", metavar="APP", type=click.Path(path_type=Path))
@click.option(
    "--repository",
    metavar="HOST/NAME",
    help="Repository of all images.  [default: that of each stack, where its account and region are known]",
)
@click.option("--only-new", is_flag=True, help="Ask the registry, and leave out the images that it has already.")
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
    """
    reference = _repository(repository) if repository is not None else None
    images = load_images(app)
    for image in images:
        if image.directory is None:
            click.echo(f"warning: {image.name}: this image is made by a program, which cdk deploy runs", err=True)
    built = [image for image in images if image.directory is not None]
    if not built:
        raise ContextError(f'the app in "{app}" has no image to build', str(app), "declare an OptimizedFunction, and run cdk synth again")
    tags = _tags(built, reference)
    if only_new:
        known = _in_registry(tags)
        click.echo(f"{len(known)} of {len(built)} images are in the repository already", err=True)
        built = [image for image in built if image.asset not in known]
    made = [_bake_image(image, tags[image.asset]) for image in built]
    _check_caches(made)
    file = bake_file(made)
    if output is None:
        click.echo(file.text, nl=False)
    else:
        replace_file(output, file.text, "the bake file", ContextError)
        click.echo(f"wrote {output}: {file.images} images, {file.shared} shared stages", err=True)


def _repository(text: str) -> ImageReference:
    try:
        reference = ImageReference.parse(text)
    except SpecError:
        reference = None
    if reference is None or reference.tag is not None or reference.digest is not None:
        raise ConfigurationError(
            f'"{text}" is not a repository; allowed: HOST[:PORT]/NAME without a tag',
            "--repository",
            'for example "123456789012.dkr.ecr.eu-central-1.amazonaws.com/lambda-images"',
        )
    return reference


def _tags(images: Sequence[AssemblyImage], repository: ImageReference | None) -> dict[str, tuple[str, ...]]:
    """What CDK would push each image as, by asset; raises ConfigurationError for a tag that only CDK knows."""
    if repository is None:
        unknown = sorted({image.name for image in images if any(destination.registry is None for destination in image.destinations)})
        if unknown:
            raise ConfigurationError(
                f"account and region of {_list(unknown)} are known only at deployment, and so is the repository",
                hint="name it with --repository HOST/NAME, or give the stacks an account and a region with env=",
            )
        return {image.asset: _sorted(map(_reference, image.destinations)) for image in images}
    # With the account and region of the repository, all placeholders have their values.
    registry = EcrRegistry.parse(repository.registry)
    names = {
        registry.specialize(destination.repository) if registry else destination.repository
        for image in images
        for destination in image.destinations
    }
    if len(names) > 1:
        raise ConfigurationError(
            f"the images of the app go to several repositories: {_list(sorted(names))}; --repository names only one",
            "--repository",
            "route them to one with SharedRepositorySynthesizer, or give the stacks an account and a region with env=",
        )
    (name,) = names
    if name != repository.repository:
        click.echo(f'warning: cdk deploy looks for the images in "{name}", not in "{repository.repository}"', err=True)
    return {image.asset: _sorted(f"{repository.name}:{destination.tag}" for destination in image.destinations) for image in images}


def _reference(destination: Destination) -> str:
    assert destination.registry is not None
    return f"{destination.registry.host}/{destination.repository}:{destination.tag}"


def _in_registry(tags: Mapping[str, tuple[str, ...]]) -> set[str]:
    """The assets whose images the registries have under all their tags; raises RegistryError where one gives no answer."""
    # Imported here: only this option needs an HTTP client.
    from optimizer.adapters.registry.client import HttpRegistry
    from optimizer.adapters.registry.credentials import DefaultCredentials

    found = set()
    with HttpRegistry(DefaultCredentials()) as registry:
        for asset, references in tags.items():
            try:
                for reference in references:
                    registry.resolve(ImageReference.parse(reference))
            except UnknownImageError:
                continue
            found.add(asset)
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
    # An option that reaches into the stages from outside, or an ignore file, changes what equal stages are.
    plain = not (options.arguments or options.contexts or options.target or options.ssh or options.no_cache)
    found = plan_beside(directory, text) if plain and not (directory / ".dockerignore").exists() else FoundPlan()
    if found.planned is not None and render(found.planned.plan) != text:
        found = FoundPlan(note="another version of this tool rendered its Dockerfile")
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


def _check_caches(images: Iterable[BakeImage]) -> None:
    """Raise ConfigurationError for a cache that would be written into a repository of images."""
    repositories = {tag.rpartition(":")[0] for image in images for tag in image.tags}
    faults = []
    for image in images:
        cache = image.options.cache_to
        reference = dict(cache.parameters).get("ref", "") if cache is not None else ""
        if reference.rpartition(":")[0] in repositories:
            faults.append(
                Fault(
                    f'the cache goes to "{reference}", into the repository of the images; its tags are immutable',
                    image.name,
                    "keep the cache in a repository of its own",
                )
            )
    if faults:
        raise ConfigurationError(faults)


def _sorted(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(tags)))


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
