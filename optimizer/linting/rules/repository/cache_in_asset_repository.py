"""LIO706: the build cache is written to a tag of the assets' repository that cannot move."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.repositories import is_bootstrapped, repository_of, same_everywhere, tag_of
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    if subject.repository is None:
        return
    for image in subject.cache_to:
        if same_everywhere(repository_of(image)) != same_everywhere(subject.repository):
            continue
        tags, tag = subject.repository_tags, tag_of(image)
        if tags is None and not is_bootstrapped(subject.repository):
            yield Inconclusive(reason=f'the cache goes to the repository of the images, and no filter of it is known that covers "{tag}"')
        elif tags is not None and (moves := tags.may_move(tag)) is not False:
            if moves is None:
                yield Inconclusive(
                    reason=f'AWS does not say whether a filter covers the tag "{tag}" of the cache: {", ".join(tags.filters)}'
                )
        else:
            yield Violation(message=f'the build writes its cache to "{image}", in the repository of the images, where this tag cannot move')


RULE = Rule(
    id="LIO706",
    name="cache-in-asset-repository",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The build cache goes to a tag of the images' repository that cannot move.",
    why=(
        "Tags of images are immutable there, so that the second build cannot write its cache. A filter of the repository's tag mutability can let "
        "the tags of caches move. In the bootstrapped repository cdk gc also takes a cache for an image that nothing uses."
    ),
    fix="let the tag move with a filter (SharedAssetRepository: mutable_tags), or write the cache to a repository of its own, with mutable tags",
    bad='cache_to = ecr_assets.DockerCacheOption(type="registry", params={"ref": f"{registry}/cdk-hnb659fds-container-assets:cache"})',
    good='cache_to = ecr_assets.DockerCacheOption(type="registry", params={"ref": f"{registry}/build-cache:api"})',
    example="python",
    dockerfile=_check,
)
