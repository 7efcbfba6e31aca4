"""LIO706: the build cache is written to the repository of the assets."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.repositories import repository_of, same_everywhere
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    if subject.repository is None:
        return
    for image in subject.cache_to:
        if same_everywhere(repository_of(image)) == same_everywhere(subject.repository):
            yield Violation(message=f'the build writes its cache to "{image}", in the repository of the images')


RULE = Rule(
    id="LIO706",
    name="cache-in-asset-repository",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The build cache goes to the repository that images are published to.",
    why=(
        "Tags of the asset repository are immutable, so that the second build cannot write its cache; and cdk gc takes the cache for an image "
        "that nothing uses."
    ),
    fix="write the cache to a repository of its own, with mutable tags and a life-cycle rule",
    bad='cache_to = ecr_assets.DockerCacheOption(type="registry", params={"ref": f"{registry}/cdk-hnb659fds-container-assets:cache"})',
    good='cache_to = ecr_assets.DockerCacheOption(type="registry", params={"ref": f"{registry}/build-cache:api"})',
    example="python",
    dockerfile=_check,
)
