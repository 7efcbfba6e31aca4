from __future__ import annotations

from optimizer.model.tag_mutability import TagMutability
from tests.linting.cases import PYTHON, Case, image

HOST = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
ASSETS = "cdk-hnb659fds-container-assets-${AWS::AccountId}-${AWS::Region}"


def declared(tag: str, mode: str, *filters: str, lines: tuple[int, ...] = (), inconclusive: int = 0) -> Case:
    """A cache in a repository that the app declares with this mode and these filters."""
    tags = TagMutability(mode=mode, filters=filters)
    subject = image(f"FROM {PYTHON}", repository="shop", repository_tags=tags, cache_to=(f"{HOST}/shop{tag}",))
    return Case(subject, lines, "where this tag cannot move" if lines else "", inconclusive)


def cached(*images: str) -> Case:
    return Case(image(f"FROM {PYTHON}", repository=ASSETS, cache_to=images))


def caught(*images: str) -> Case:
    return Case(image(f"FROM {PYTHON}", repository=ASSETS, cache_to=images), (0,), "writes its cache to")


CATCHES: list[Case] = [
    caught(f"{HOST}/cdk-hnb659fds-container-assets-111122223333-eu-west-1:cache"),
    caught("${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/" + ASSETS),
    declared(":cache-api", "IMMUTABLE", lines=(0,)),
    declared(":api", "IMMUTABLE_WITH_EXCLUSION", "cache-*", lines=(0,)),
    declared("", "IMMUTABLE_WITH_EXCLUSION", "cache-*", lines=(0,)),
    declared(":cache-api", "MUTABLE_WITH_EXCLUSION", "cache-*", lines=(0,)),
]
PASSES: list[Case] = [
    cached(),
    cached(f"{HOST}/build-cache:api"),
    Case(image(f"FROM {PYTHON}", cache_to=(f"{HOST}/cache",))),
    declared(":cache-api", "IMMUTABLE_WITH_EXCLUSION", "cache-*"),
    declared("", "IMMUTABLE_WITH_EXCLUSION", "latest"),
    declared(":cache-api", "MUTABLE"),
    declared(":cache-api", "MUTABLE_WITH_EXCLUSION", "v*"),
    declared(":cache-api", "IMMUTABLE_WITH_EXCLUSION", "Cache-*", inconclusive=1),
    # Made by another app or by hand.
    Case(image(f"FROM {PYTHON}", repository="shop", cache_to=(f"{HOST}/shop:cache",)), inconclusive=1),
]
