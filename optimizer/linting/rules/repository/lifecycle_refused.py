"""LIO707: a life-cycle policy that Amazon ECR refuses."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.lifecycle import policy_faults
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import RepositorySubject


def _check(subject: RepositorySubject, conventions: Conventions) -> Iterator[Verdict]:
    # Of a policy that only the deployment knows, LIO704 says so.
    for message, hint in policy_faults(subject.lifecycle or ()):
        yield Violation(message=message, hint=hint)


RULE = Rule(
    id="LIO707",
    name="lifecycle-refused",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="Amazon ECR refuses the life-cycle policy of the repository.",
    why=(
        "The policy is a text, which CloudFormation hands on unread: the deployment fails at ECR. Images expire or are archived by count or since "
        "their push; by their last pull they are only archived, and only what was archived for 90 days or more expires by that. Each storage "
        "class has one rule for untagged images. An AWS::ECR::RepositoryCreationTemplate is judged like a repository."
    ),
    fix="write the rule as ECR takes it",
    bad="selection: {tagStatus: untagged, countType: sinceImagePulled, countUnit: days, countNumber: 30}\naction: {type: expire}",
    good=(
        "selection: {tagStatus: untagged, countType: sinceImagePulled, countUnit: days, countNumber: 30}\n"
        "action: {type: transition, targetStorageClass: archive}"
    ),
    example="yaml",
    repository=_check,
)
