from __future__ import annotations

from tests.linting.cases import Case, repository

PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


def allow(principal: object, actions: object, effect: str = "Allow") -> dict[str, object]:
    return {"Effect": effect, "Principal": principal, "Action": actions}


LAMBDA = {"Service": "lambda.amazonaws.com"}

CATCHES: list[Case] = [
    repository(0, says='images of "shop"'),
    repository(0, policy=(allow({"AWS": "arn:aws:iam::111122223333:root"}, PULL),)),
    repository(0, policy=(allow(LAMBDA, "ecr:BatchGetImage"),)),
    repository(0, policy=(allow(LAMBDA, PULL, "Deny"),)),
]
PASSES: list[Case] = [
    repository(policy=(allow(LAMBDA, PULL),)),
    repository(policy=(allow({"Service": ["lambda.amazonaws.com", "codebuild.amazonaws.com"]}, "ecr:*"),)),
    repository(policy=(allow(LAMBDA, PULL[0]), allow("*", PULL[1]))),
    repository(receives=False),
    # Lambda adds the permission when a function is made.
    repository(receives=False, run_tags=("v1",)),
    repository(policy=None, inconclusive=1),
]
