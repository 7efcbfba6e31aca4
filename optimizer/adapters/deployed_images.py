"""Which images of a repository that is declared beside them functions run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from optimizer.linting.facts.repositories import same_everywhere
from optimizer.sam.named_images import NamedImage
from optimizer.sam.template import TemplateRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A template, and where it is deployed: account and Region, each None where only the deployment knows it."""

    template: str
    account: str | None = None
    region: str | None = None


def deployed_tags(
    repository: TemplateRepository, deployment: Deployment, images: Iterable[tuple[Deployment, NamedImage]]
) -> tuple[str | None, ...]:
    """The tags of a repository's images that functions run, each once; None for what only a deployment knows.

    ``deployment`` is that of the repository; ``images`` are those of all
    functions, each with the deployment of its function.
    """
    found = (image.tag for place, image in images if _holds(repository, deployment, place, image))
    return tuple(dict.fromkeys(found))


def _holds(repository: TemplateRepository, deployment: Deployment, place: Deployment, image: NamedImage) -> bool:
    # The URI of another account or Region names another repository.
    if deployment.account not in (None, image.account or place.account) or deployment.region not in (None, image.region or place.region):
        return False
    if deployment.template == place.template and repository.logical_id in image.logical_ids:
        return True
    return bool(image.name and repository.name) and _are_same(image.name, repository.name or "")


def _are_same(one: str, other: str) -> bool:
    return one == other or ("${AWS::" in one + other and same_everywhere(one) == same_everywhere(other))
