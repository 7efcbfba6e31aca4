from __future__ import annotations

from typing import Any

from tests.linting.cases import Case, repository


def filters(*values: Any, type: str = "WILDCARD") -> tuple[dict[str, Any], ...]:
    return tuple({"ImageTagMutabilityExclusionFilterType": type, "ImageTagMutabilityExclusionFilterValue": value} for value in values)


def with_mode(mode: str | None, exclusions: object = (), *lines: int, says: str = "", inconclusive: int = 0) -> Case:
    return repository(*lines, says=says, inconclusive=inconclusive, mutability=mode, exclusions=exclusions, receives=False)


# Modes and filters: aws-ecr/lib/repository.ts of aws-cdk-lib 2.276.0, which has it from ECR's answers
# (https://github.com/aws/aws-cdk/pull/35246); types, characters and length:
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageTagMutabilityExclusionFilter.html.
CATCHES: list[Case] = [
    with_mode("IMMUTABLE", filters("cache-*"), 0, says="has filters of tags, and the mode IMMUTABLE, which takes none"),
    with_mode("MUTABLE", filters("v*"), 0, says="and the mode MUTABLE, which takes none"),
    with_mode("IMMUTABLE_WITH_EXCLUSION", (), 0, says="the mode IMMUTABLE_WITH_EXCLUSION has no filter of tags"),
    with_mode("MUTABLE_WITH_EXCLUSION", filters(*"abcdef"), 0, says="the repository has 6 filters of tags; allowed: 5"),
    with_mode("IMMUTABLE_WITH_EXCLUSION", filters("cache/*"), 0, says='"cache/*" is not a filter of tags; allowed: 1 to 128 letters'),
    with_mode("IMMUTABLE_WITH_EXCLUSION", filters("a" * 129), 0),
    with_mode("IMMUTABLE_WITH_EXCLUSION", filters(None), 0, says="a filter of tags has no ImageTagMutabilityExclusionFilterValue"),
    with_mode("IMMUTABLE_WITH_EXCLUSION", ({},), 0, 0, says="has no ImageTagMutabilityExclusionFilterType; allowed: WILDCARD"),
    with_mode("IMMUTABLE_WITH_EXCLUSION", filters("v*", type="REGEX"), 0, says='has the type "REGEX"; allowed: WILDCARD'),
    with_mode("Immutable", (), 0, says='ImageTagMutability is "Immutable"; allowed: MUTABLE, IMMUTABLE'),
]
PASSES: list[Case] = [
    with_mode("MUTABLE"),
    with_mode("IMMUTABLE"),
    with_mode("IMMUTABLE_WITH_EXCLUSION", filters("cache-*")),
    with_mode("MUTABLE_WITH_EXCLUSION", filters("v*", "release", "a.b_c-d", "1*", "2*")),
    with_mode(None, inconclusive=1),
    with_mode("IMMUTABLE_WITH_EXCLUSION", None, inconclusive=1),
    # AWS gives no number.
    with_mode("IMMUTABLE_WITH_EXCLUSION", filters("a*b*c*"), inconclusive=1),
]
