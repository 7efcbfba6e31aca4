"""LIO704: a life-cycle rule that expires images which functions may still run."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.repositories import lambda_may_pull
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import RepositorySubject

_UNITS = {"sinceImagePushed": "{} days after its push", "imageCountMoreThan": "when there are more than {}"}


def _check(subject: RepositorySubject, conventions: Conventions) -> Iterator[Verdict]:
    # Other repositories than those of functions may well expire what they hold.
    if not subject.receives and not lambda_may_pull(subject.policy or ()):
        return
    if subject.lifecycle is None:
        yield Inconclusive(reason="the life-cycle policy is known at deployment only")
        return
    for rule in subject.lifecycle:
        selection = rule.get("selection")
        selection = selection if isinstance(selection, dict) else {}
        if selection.get("tagStatus") == "untagged":
            continue
        when = _UNITS.get(str(selection.get("countType")), "by {}").format(selection.get("countNumber"))
        yield Violation(message=f"life-cycle rule {rule.get('rulePriority', '')} expires a tagged image {when}".replace("rule  ", "rule "))


RULE = Rule(
    id="LIO704",
    name="lifecycle-kills-versions",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The life-cycle policy of the functions' repository expires tagged images by age or count.",
    why=(
        "Lambda fetches the image again when a function was idle for some weeks, or its configuration changes. Neither age nor count says "
        "that no version or alias runs an image: the function of an image that expired fails."
    ),
    fix="expire untagged images only",
    bad="repository.add_lifecycle_rule(max_image_count=10)",
    good="repository.add_lifecycle_rule(tag_status=ecr.TagStatus.UNTAGGED, max_image_age=cdk.Duration.days(365))",
    example="python",
    repository=_check,
)
