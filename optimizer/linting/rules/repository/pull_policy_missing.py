"""LIO705: Lambda may not pull from the repository of its functions."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.repositories import lambda_may_pull
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import RepositorySubject


def _check(subject: RepositorySubject, conventions: Conventions) -> Iterator[Verdict]:
    if not subject.receives:
        return
    if subject.policy is None:
        yield Inconclusive(reason="the access policy is known at deployment only")
    elif not lambda_may_pull(subject.policy):
        yield Violation(message=f'functions run images of "{subject.name}", and its policy does not let Lambda pull them')


RULE = Rule(
    id="LIO705",
    name="pull-policy-missing",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The repository of the functions has no policy that lets Lambda pull.",
    why=(
        "Without it Lambda adds the permission when a function is made, if the deployment may change the policy: several deployments "
        "overwrite one another's, and a function in another account is refused."
    ),
    fix="use SharedAssetRepository, or allow lambda.amazonaws.com ecr:BatchGetImage and ecr:GetDownloadUrlForLayer",
    bad='ecr.Repository(self, "Images", repository_name="shop-functions")',
    good='SharedAssetRepository(self, "Images", repository_name="shop-functions")',
    example="python",
    repository=_check,
)
