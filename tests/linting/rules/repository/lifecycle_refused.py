from __future__ import annotations

from typing import Any

from tests.linting.cases import Case, repository

EXPIRE, ARCHIVE = {"type": "expire"}, {"type": "transition", "targetStorageClass": "archive"}


def rule(priority: int | None = 1, action: dict[str, str] = EXPIRE, **selection: Any) -> dict[str, Any]:
    """A rule for images of 30 days without a tag, unless the selection says otherwise; None takes a key out."""
    chosen = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 30, **selection}
    made = {"selection": {key: value for key, value in chosen.items() if value is not None}, "action": action}
    return made if priority is None else {"rulePriority": priority, **made}


def transitioned(priority: int = 1, **selection: Any) -> dict[str, Any]:
    return rule(priority, **{"countType": "sinceImageTransitioned", "storageClass": "archive", "countNumber": 90, **selection})


def caught(says: str, *rules: dict[str, Any]) -> Case:
    return repository(0, says=says, lifecycle=rules)


# Each refusal stands in https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html or, those between rules,
# in https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html#lp_evaluation_rules.
CATCHES: list[Case] = [
    caught(
        "life-cycle rule 1 expires images by sinceImagePulled, which only moves images to the archive", rule(countType="sinceImagePulled")
    ),
    caught("life-cycle rule 1 moves images by sinceImageTransitioned", {**transitioned(), "action": ARCHIVE}),
    caught("expires images 30 days after they were archived; allowed: 90 or more", transitioned(countNumber=30)),
    caught('counts by sinceImageTransitioned and has no storageClass; allowed: "archive"', transitioned(storageClass=None)),
    caught('and has the storageClass "standard"; allowed: "archive"', transitioned(storageClass="standard")),
    caught('counts by sinceImagePushed and has the storageClass "archive"; allowed: "standard"', rule(storageClass="archive")),
    caught('has the pattern "*a*b*c*d*" with 5 stars; allowed: 4', rule(tagStatus="tagged", tagPatternList=["v*", "*a*b*c*d*"])),
    caught('moves images and has no targetStorageClass; allowed: "archive"', rule(action={"type": "transition"})),
    caught('has the action "delete"; allowed: expire, transition', rule(action={"type": "delete"})),
    caught("has no action; allowed: expire, transition", rule(action={})),
    caught('counts by "sinceCreated"; allowed: imageCountMoreThan, sinceImagePushed', rule(countType="sinceCreated")),
    caught("has the countNumber 0; allowed: a whole number from 1", rule(countNumber=0)),
    caught("has the countNumber None", rule(countNumber=None)),
    caught('counts days and has the countUnit "hours"; allowed: "days"', rule(countUnit="hours")),
    caught('has the countUnit "days", which imageCountMoreThan does not take', rule(countType="imageCountMoreThan")),
    caught('has the tagStatus "all"; allowed: tagged, untagged, any', rule(tagStatus="all")),
    caught("selects tagged images and has no list of tags", rule(tagStatus="tagged")),
    caught("has tagPrefixList and tagPatternList; allowed: one of", rule(tagStatus="tagged", tagPrefixList=["v"], tagPatternList=["v*"])),
    caught("selects untagged images and has a tagPrefixList", rule(tagPrefixList=["v"])),
    caught("the life-cycle policy has 2 rules with the rulePriority 1", rule(), rule(tagStatus="tagged", tagPrefixList=["v"])),
    caught("the life-cycle policy has 1 rule without a whole number as its rulePriority", rule(None)),
    caught(
        "2 life-cycle rules select the tags a, b in the storage class standard; allowed: 1",
        rule(tagStatus="tagged", tagPrefixList=["a", "b"]),
        rule(2, ARCHIVE, tagStatus="tagged", tagPrefixList=["b", "a"], countNumber=9),
    ),
    caught("2 life-cycle rules select untagged images in the storage class standard; allowed: 1", rule(), rule(2, ARCHIVE, countNumber=9)),
    caught('life-cycle rule 1 selects images by the tagStatus "any" before rule 2', rule(tagStatus="any"), rule(2)),
    caught("the life-cycle policy has 51 rules; allowed: 50", *(rule(n, tagStatus="tagged", tagPrefixList=[str(n)]) for n in range(1, 52))),
    # Whoever pulls from it.
    repository(0, receives=False, lifecycle=(rule(countType="sinceImagePulled"),)),
]
PASSES: list[Case] = [
    repository(lifecycle=(rule(),)),
    repository(lifecycle=(rule(action=ARCHIVE, countType="sinceImagePulled"), transitioned(2))),
    # One rule for untagged images in each storage class, and one for any.
    repository(lifecycle=(rule(action=ARCHIVE), transitioned(2, tagStatus="any"), rule(3, tagStatus="any", countNumber=365))),
    repository(lifecycle=(rule(tagStatus="tagged", tagPatternList=["*a*b*c*"], countType="imageCountMoreThan", countUnit=None),)),
    repository(lifecycle=()),
    repository(lifecycle=None),
]
