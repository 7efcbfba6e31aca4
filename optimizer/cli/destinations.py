"""Where the images of an app go: what CDK would push each of them as."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from optimizer.adapters.assembly import AssemblyImage, Destination
from optimizer.errors import ConfigurationError, SpecError
from optimizer.model.ecr import EcrRegistry
from optimizer.model.reference import ImageReference


def parse_repository(text: str, option: str = "--repository") -> ImageReference:
    """The repository that an option names; raises ConfigurationError for anything else."""
    try:
        reference = ImageReference.parse(text)
    except SpecError:
        reference = None
    if reference is None or reference.tag is not None or reference.digest is not None:
        raise ConfigurationError(
            f'"{text}" is not a repository; allowed: HOST[:PORT]/NAME without a tag',
            option,
            'for example "123456789012.dkr.ecr.eu-central-1.amazonaws.com/lambda-images"',
        )
    return reference


def asset_tags(images: Sequence[AssemblyImage], repository: ImageReference | None) -> dict[str, tuple[str, ...]]:
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


def _sorted(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(tags)))


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
