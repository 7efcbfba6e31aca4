from __future__ import annotations

from tests.linting.cases import Case, repository

UNTAGGED = {
    "rulePriority": 1,
    "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countNumber": 365, "countUnit": "days"},
}
BY_AGE = {"rulePriority": 2, "selection": {"tagStatus": "any", "countType": "sinceImagePushed", "countNumber": 90, "countUnit": "days"}}
BY_COUNT = {
    "rulePriority": 3,
    "selection": {"tagStatus": "tagged", "tagPrefixList": ["v"], "countType": "imageCountMoreThan", "countNumber": 10},
}
TO_ARCHIVE = {"action": {"type": "transition", "targetStorageClass": "archive"}}
ARCHIVED_BY_AGE = {**BY_AGE, **TO_ARCHIVE}
NOT_PULLED = {"countType": "sinceImagePulled", "countNumber": 30, "countUnit": "days"}
ARCHIVED_BY_PULL = {"rulePriority": 4, "selection": {"tagStatus": "any", **NOT_PULLED}, **TO_ARCHIVE}
OUT_OF_ARCHIVE = {
    "rulePriority": 5,
    "selection": {
        "tagStatus": "any",
        "storageClass": "archive",
        "countType": "sinceImageTransitioned",
        "countNumber": 90,
        "countUnit": "days",
    },
    "action": {"type": "expire"},
}
CACHES = {
    "rulePriority": 2,
    "selection": {"tagStatus": "tagged", "tagPrefixList": ["cache-"], "countType": "imageCountMoreThan", "countNumber": 9},
}
SOME_CACHES = {**CACHES, "selection": {**CACHES["selection"], "tagPrefixList": ["cache-", "v"]}}  # type: ignore[dict-item]
BY_PATTERN = {**CACHES, "selection": {**CACHES["selection"], "tagPrefixList": [], "tagPatternList": ["cache-*", "cache-main-*"]}}  # type: ignore[dict-item]
MOVING = {
    "mutability": "IMMUTABLE_WITH_EXCLUSION",
    "exclusions": ({"ImageTagMutabilityExclusionFilterType": "WILDCARD", "ImageTagMutabilityExclusionFilterValue": "cache-*"},),
}
LAMBDA = (
    {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    },
)

PLAIN = {"receives": False}
"""A repository that nobody here pushes to, without a policy: Lambda adds its permission itself."""
BOTH_TAGS = {**BY_COUNT, "selection": {**BY_COUNT["selection"], "tagPrefixList": ["v", "live"]}}  # type: ignore[dict-item]
VERSIONS = {**BY_COUNT, "selection": {**BY_COUNT["selection"], "tagPrefixList": [], "tagPatternList": ["v*.*"]}}  # type: ignore[dict-item]

CATCHES: list[Case] = [
    repository(0, says="life-cycle rule 2 expires a tagged image 90 days after its push", lifecycle=(UNTAGGED, BY_AGE)),
    repository(0, says="life-cycle rule 3 expires a tagged image when there are more than 10", lifecycle=(BY_COUNT,)),
    repository(
        0,
        says="life-cycle rule 2 archives a tagged image 90 days after its push: it cannot be pulled until it is restored, which takes up to "
        "20 minutes, and 90 days are charged at least",
        lifecycle=(ARCHIVED_BY_AGE,),
    ),
    repository(
        0,
        says="Lambda pulls rarely, so that the image of a function in use counts as not pulled",
        lifecycle=(UNTAGGED, ARCHIVED_BY_PULL, OUT_OF_ARCHIVE),
    ),
    # A cache in a repository whose tags may not move is no cache.
    repository(0, lifecycle=(CACHES,)),
    repository(0, lifecycle=(SOME_CACHES,), **MOVING),
    repository(0, lifecycle=(BY_COUNT,), **MOVING),
    # Nobody here pushes to it, but functions pull from it.
    repository(0, lifecycle=(BY_COUNT,), receives=False, policy=LAMBDA),
    repository(0, lifecycle=(BY_COUNT,), run_tags=("v1",), **PLAIN),
    repository(0, lifecycle=(BY_AGE,), run_tags=(None,), **PLAIN),
    repository(0, says="was not pulled for 30 days", lifecycle=(ARCHIVED_BY_PULL,), run_tags=("v1",), **PLAIN),
    repository(0, lifecycle=(VERSIONS,), run_tags=("dev-1", "v1.2"), **PLAIN),
    repository(0, lifecycle=(BY_COUNT,), run_tags=("v1",), **PLAIN, **MOVING),
]
PASSES: list[Case] = [
    repository(lifecycle=(UNTAGGED,)),
    repository(lifecycle=({**UNTAGGED, **TO_ARCHIVE}, OUT_OF_ARCHIVE)),
    repository(lifecycle=(CACHES,), **MOVING),
    repository(lifecycle=(BY_PATTERN,), **MOVING),
    repository(),
    repository(lifecycle=None, inconclusive=1),
    # Nobody knows which tags its images have: those of caches, or latest.
    repository(lifecycle=(CACHES,), receives=False, policy=LAMBDA, inconclusive=1, **MOVING),
    repository(lifecycle=(BY_COUNT,), receives=False),
    repository(lifecycle=(UNTAGGED,), run_tags=("v1",), **PLAIN),
    repository(lifecycle=(BY_COUNT, CACHES, VERSIONS), run_tags=("dev-1",), **PLAIN),
    repository(lifecycle=(CACHES,), run_tags=("v1",), **PLAIN, **MOVING),
    # A digest, a tag of a parameter, and tags of which the image must have another one too.
    repository(lifecycle=(BY_COUNT,), run_tags=(None,), inconclusive=1, **PLAIN),
    repository(lifecycle=(BOTH_TAGS,), run_tags=("v1",), inconclusive=1, **PLAIN),
    repository(lifecycle=None, run_tags=("v1",), inconclusive=1, **PLAIN),
]
