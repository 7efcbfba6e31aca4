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
LAMBDA = (
    {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    },
)

CATCHES: list[Case] = [
    repository(0, says="life-cycle rule 2 expires a tagged image 90 days after its push", lifecycle=(UNTAGGED, BY_AGE)),
    repository(0, says="life-cycle rule 3 expires a tagged image when there are more than 10", lifecycle=(BY_COUNT,)),
    # Nobody here pushes to it, but functions pull from it.
    repository(0, lifecycle=(BY_COUNT,), receives=False, policy=LAMBDA),
]
PASSES: list[Case] = [
    repository(lifecycle=(UNTAGGED,)),
    repository(),
    repository(lifecycle=None, inconclusive=1),
    repository(lifecycle=(BY_COUNT,), receives=False),
]
