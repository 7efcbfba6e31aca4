"""The life-cycle rules of the shared repository, and the tags that may move there.

Terms
    standard, archive   the storage classes of ECR; nothing can pull an image
                        that is in the archive
    mutable tags        filters of the tags that may be written again, such as
                        those of build caches; no function runs their images
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from optimizer.errors import Fault, RepositoryError
from optimizer.linting.facts import lifecycle
from optimizer.model.tag_mutability import FILTERS_MAX, STARS_MAX, TagMutability, filter_fault

KEEP_TAGGED = "a deployed function's image could expire, and Lambda fetches it again after 14 idle days or a configuration change"

# What `optimizer publish` tags images with, beside CDK's tags, which are hexadecimal.
_IMAGE_TAGS = ("layer-", "base-", "python-")
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")


def tag_mutability(filters: Sequence[str]) -> TagMutability:
    """What a repository of images has, in which tags that the filters cover may move."""
    return TagMutability(mode="IMMUTABLE_WITH_EXCLUSION" if filters else "IMMUTABLE", filters=tuple(filters))


def mutable_tag_faults(filters: Any, tag_prefix: str) -> Iterator[Fault]:
    """What is wrong with filters of mutable tags; ``tag_prefix`` begins the tags of CDK's images, and may be empty."""
    if isinstance(filters, str):
        yield Fault(f'"{filters}" is a string; allowed: a list of filters', "mutable_tags", f'write ["{filters}"]')
        return
    if len(filters) > FILTERS_MAX:
        yield Fault(f"{len(filters)} filters; allowed: {FILTERS_MAX}", "mutable_tags", "give tags that move one beginning, such as cache-")
    for index, text in enumerate(filters):
        place = f"mutable_tags[{index}]"
        message = filter_fault(text)
        if message is not None:
            yield Fault(message, place, 'for example "cache-*"')
            continue
        if text.count("*") > STARS_MAX:
            yield Fault(f'"{text}" has {text.count("*")} stars; allowed: {STARS_MAX}', place, 'for example "cache-*"')
        # Whatever the rest of a filter covers, it is no tag of an image if the beginning is none.
        beginning = text.partition("*")[0]
        may_begin = [*_IMAGE_TAGS, *([tag_prefix] if tag_prefix else [])]
        if _HEXADECIMAL.issuperset(beginning) or any(_overlap(beginning, other) for other in may_begin):
            yield Fault(
                f'"{text}" may cover tags of images, which must not move: hexadecimal ones and {", ".join(f"{start}*" for start in may_begin)}',
                place,
                'begin it with a text that no tag of an image begins with, for example "cache-*"',
            )


def _overlap(one: str, other: str) -> bool:
    """Whether one begins with the other, whatever the case: AWS does not say whether that counts."""
    one, other = one.lower(), other.lower()
    return one.startswith(other) or other.startswith(one)


def archive_faults(untagged_days: Any, archive_untagged_days: Any) -> Iterator[Fault]:
    """What is wrong with the days after which untagged images expire, and after which they move to the archive, which may be None."""
    for name, value, hint in (
        ("untagged_days", untagged_days, "leave it out for 365 days"),
        ("archive_untagged_days", archive_untagged_days, "leave it out to keep no archive"),
    ):
        if value is None and name == "archive_untagged_days":
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            yield Fault(f"{value!r} is not a number of days; allowed: 1 or more", name, hint)
        elif name == "untagged_days" and archive_untagged_days is not None and value < lifecycle.ARCHIVE_DAYS_MIN:
            yield Fault(
                f"{value} days in the archive; allowed: {lifecycle.ARCHIVE_DAYS_MIN} or more, which are charged in any case",
                name,
                "leave it out for 365 days, or leave archive_untagged_days out",
            )


def rule_fault(fields: Mapping[str, Any], tags: TagMutability) -> Fault | None:
    """Why the shared repository refuses a rule, given by its fields in snake case; ``tag_status`` is the status in lower case."""
    prefixes, patterns = fields.get("tag_prefix_list") or [], fields.get("tag_pattern_list") or []
    # Without a status, CDK takes tagged where the rule names tags, else any.
    status = fields.get("tag_status") or ("tagged" if prefixes or patterns else "any")
    if status == "untagged":
        return Fault(
            "a second life-cycle rule for UNTAGGED images is refused: ECR takes one, which the repository has",
            hint="set the days of that one: untagged_days, archive_untagged_days",
        )
    chosen = {"tagStatus": status, "tagPrefixList": list(prefixes), "tagPatternList": list(patterns)}
    if lifecycle.selects_moving_tags({"selection": chosen}, tags):
        return None
    return Fault(
        f"a life-cycle rule for {status.upper()} images is refused: {KEEP_TAGGED}; allowed: tags of mutable_tags alone",
        hint="delete unused images by hand, after checking every function and version that may name them",
    )


def policy_faults(text: str, tags: TagMutability) -> list[str]:
    """Why the shared repository refuses a policy that was set past its methods."""
    try:
        given = json.loads(text)["rules"]
        rules = [rule for rule in given if isinstance(rule, Mapping)]
    except (ValueError, LookupError, TypeError):
        return ["the life-cycle policy is no JSON with a list of rules"]
    found = [message for message, _ in lifecycle.policy_faults(rules)]
    for rule in rules:
        chosen = lifecycle.selection(rule)
        status = chosen.get("tagStatus")
        harmless = status == "untagged" or chosen.get("countType") == lifecycle.TRANSITIONED or lifecycle.selects_moving_tags(rule, tags)
        if not harmless:
            does = "archives" if lifecycle.action(rule) == "transition" else "expires"
            found.append(f'{lifecycle.called(rule)} {does} images with tag status "{status}": {KEEP_TAGGED}; allowed: untagged')
    return found


def untagged_rules(untagged_days: int, archive_untagged_days: int | None) -> list[dict[str, Any]]:
    """The rules of a policy for untagged images: one for each storage class that they are in."""
    if archive_untagged_days is None:
        chosen = {"tagStatus": "untagged", **_since(lifecycle.PUSHED, untagged_days)}
        return [_rule(1, f"untagged images expire after {untagged_days} days, tagged ones never", chosen)]
    archive = {
        "rulePriority": 1,
        "description": f"untagged images move to the archive after {archive_untagged_days} days, tagged ones never",
        "selection": {"tagStatus": "untagged", **_since(lifecycle.PUSHED, archive_untagged_days)},
        "action": {"type": "transition", "targetStorageClass": "archive"},
    }
    chosen = {"tagStatus": "untagged", "storageClass": "archive", **_since(lifecycle.TRANSITIONED, untagged_days)}
    return [archive, _rule(2, f"untagged images expire after {untagged_days} days in the archive", chosen)]


def rule_of(fields: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The rule that the fields of a ``LifecycleRule`` describe, beside the rules of the policy; raises :class:`RepositoryError` as ECR refuses it."""
    lists = {"tagPrefixList": fields.get("tag_prefix_list"), "tagPatternList": fields.get("tag_pattern_list")}
    age, count = fields.get("max_image_age"), fields.get("max_image_count")
    if (age is None) is (count is None):
        raise RepositoryError("a life-cycle rule counts images or days; allowed: one of max_image_age, max_image_count")
    number = fields.get("rule_priority") or max(rule["rulePriority"] for rule in rules) + 1
    counted = _since(lifecycle.PUSHED, int(age.to_days())) if age is not None else {"countType": lifecycle.COUNT, "countNumber": count}
    chosen = {"tagStatus": "tagged", **{name: list(tags) for name, tags in lists.items() if tags}, **counted}
    made = _rule(number, fields.get("description"), chosen)
    faults = [Fault(message, hint=hint) for message, hint in lifecycle.policy_faults([*rules, made])]
    if faults:
        raise RepositoryError(faults)
    return made


def policy_text(rules: Sequence[Mapping[str, Any]]) -> str:
    """The text of a policy, as CDK writes it."""
    return json.dumps({"rules": rules}, separators=(",", ":"))


def _since(count_type: str, days: int) -> dict[str, Any]:
    return {"countType": count_type, "countNumber": days, "countUnit": "days"}


def _rule(number: int, description: str | None, chosen: Mapping[str, Any]) -> dict[str, Any]:
    text = {"description": description} if description else {}
    return {"rulePriority": number, **text, "selection": dict(chosen), "action": {"type": "expire"}}
