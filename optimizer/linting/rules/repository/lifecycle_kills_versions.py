"""LIO704: a life-cycle rule that expires or archives images which functions may still run."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts import lifecycle
from optimizer.linting.facts.repositories import lambda_may_pull
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import RepositorySubject

_WHEN = {
    lifecycle.PUSHED: "{} days after its push",
    lifecycle.PULLED: "that was not pulled for {} days",
    lifecycle.COUNT: "when there are more than {}",
}
_ARCHIVED = ": it cannot be pulled until it is restored, which takes up to 20 minutes, and 90 days are charged at least"
_PULLED = "; Lambda pulls rarely, so that the image of a function in use counts as not pulled"


def _check(subject: RepositorySubject, conventions: Conventions) -> Iterator[Verdict]:
    # Other repositories than those of functions may well expire what they hold.
    of_functions = subject.receives or lambda_may_pull(subject.policy or ())
    if not of_functions and not subject.run_tags:
        return
    if subject.lifecycle is None:
        yield Inconclusive(reason="the life-cycle policy is known at deployment only")
        return
    for rule in subject.lifecycle:
        chosen = lifecycle.selection(rule)
        count_type = str(chosen.get("countType"))
        # What is in the archive is run by nothing any more: the rule that moved it there is the one to look at.
        if chosen.get("tagStatus") == "untagged" or count_type == lifecycle.TRANSITIONED:
            continue
        # Where nothing says that all images are those of functions, the tags of those that functions run decide.
        selected = {True} if of_functions else {lifecycle.selects(rule, tag) for tag in subject.run_tags}
        if True not in selected:
            if None in selected:
                yield Inconclusive(reason=f"whether functions run images by the tags that {lifecycle.called(rule)} selects")
            continue
        if subject.tags is not None and lifecycle.selects_moving_tags(rule, subject.tags):
            # CDK gives each image a tag of its own, and writes none twice.
            if not subject.receives:
                yield Inconclusive(reason=f"whether functions run images by the tags that {lifecycle.called(rule)} selects, which may move")
            continue
        archives = lifecycle.action(rule) == "transition"
        when = _WHEN.get(count_type, "by {}").format(chosen.get("countNumber"))
        does = f"{'archives' if archives else 'expires'} a tagged image {when}"
        reason = (_ARCHIVED if archives else "") + (_PULLED if count_type == lifecycle.PULLED else "")
        yield Violation(message=f"{lifecycle.called(rule)} {does}{reason}")


RULE = Rule(
    id="LIO704",
    name="lifecycle-kills-versions",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The life-cycle policy of the functions' repository expires or archives tagged images by age, count or last pull.",
    why=(
        "Lambda fetches the image again when a function was idle for some weeks, or its configuration changes. Neither age nor count says "
        "that no version or alias runs an image, and the last pull does not either, because Lambda pulls rarely: the function of "
        "an image that expired fails. An archived image cannot be pulled (the registry answers 404) until somebody restores it, which takes up "
        "to 20 minutes; and at least 90 days in the archive are charged. The repository is one that the app publishes to, one whose policy lets "
        "Lambda pull, or one whose images functions of the same app or template name by URI, or get from sam deploy by samconfig: there, rules for "
        "some tags count where they select the tag of a function. An imported repository is not judged, nor is one that a parameter, an export of "
        "another stack or an undecided condition names."
    ),
    fix="expire or archive untagged images only",
    bad="repository.add_lifecycle_rule(max_image_count=10)",
    good="repository.add_lifecycle_rule(tag_status=ecr.TagStatus.UNTAGGED, max_image_age=cdk.Duration.days(365))",
    example="python",
    repository=_check,
)
