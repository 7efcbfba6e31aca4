"""Functions on Managed Instances: what they ask of their capacity provider, and of the base of their image."""

from __future__ import annotations

from optimizer.bases.catalogue import BaseImage, base_image
from optimizer.bases.features import Feature, Support, support
from optimizer.bases.recognise import LambdaBase
from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.base_image import lambda_base_of
from optimizer.linting.facts.properties import is_set
from optimizer.linting.finding import Inconclusive
from optimizer.linting.subjects import DockerfileSubject
from optimizer.model.function import DeclaredFunction

CONFIG = "CapacityProviderConfig"
"""The property that puts a function on Managed Instances."""

_BELOW = "LambdaManagedInstancesCapacityProviderConfig"


def on_instances(declared: DeclaredFunction) -> bool | None:
    """Whether a function runs on Managed Instances; None where only a deployment knows it."""
    return is_set(declared, CONFIG)


def instance_path(declared: DeclaredFunction, name: str) -> tuple[str, ...]:
    """Where a setting of Managed Instances stands in the function's properties, which SAM has one level higher."""
    return (CONFIG, name) if declared.serverless else (CONFIG, _BELOW, name)


def support_of(subject: DockerfileSubject, feature: Feature, conventions: Conventions) -> Support | Inconclusive:
    """Whether the base of an image takes a feature; inconclusive where the base is not known."""
    found = _base(subject, conventions)
    return found if isinstance(found, Inconclusive) else support(found, feature)


def _base(subject: DockerfileSubject, conventions: Conventions) -> BaseImage | Inconclusive | None:
    if subject.plan is not None:
        # A base of the company is made from the runtime's own.
        return base_image(subject.plan.runtime)
    found = lambda_base_of(subject, conventions)
    if not isinstance(found, LambdaBase):
        return found
    return found.base or Inconclusive(reason=f'the runtime of "{found.reference}" is not known')
