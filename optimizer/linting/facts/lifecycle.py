"""What Amazon ECR takes for a life-cycle policy, and what a rule of one does.

Terms
    storage class   ``standard``, or ``archive``: images there cannot be pulled
    transition      the action that moves an image to the archive

Sources: https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html and
https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html#lp_evaluation_rules
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from optimizer.model.tag_mutability import TagMutability, covers_all

COUNT, PUSHED, PULLED, TRANSITIONED = "imageCountMoreThan", "sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned"
ARCHIVE_DAYS_MIN = 90

_COUNT_TYPES = (COUNT, PUSHED, PULLED, TRANSITIONED)
_STATUSES = ("tagged", "untagged", "any")
_LISTS = ("tagPrefixList", "tagPatternList")
_STARS_MAX = 4
_RULES_MAX = 50


def selection(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """What of images the rule selects; empty where the rule does not say so."""
    value = rule.get("selection")
    return value if isinstance(value, Mapping) else {}


def action(rule: Mapping[str, Any]) -> str:
    """What the rule does: ``expire``, ``transition``, or something that ECR does not know; empty where it does not say so."""
    value = rule.get("action")
    return str(value.get("type", "")) if isinstance(value, Mapping) else ""


def selects_moving_tags(rule: Mapping[str, Any], tags: TagMutability) -> bool:
    """Whether all tags that the rule names may move, in a repository whose other tags may not."""
    if tags.mode != "IMMUTABLE_WITH_EXCLUSION":
        return False
    chosen = selection(rule)
    lists = [chosen.get(name) or [] for name in _LISTS]
    if chosen.get("tagStatus") != "tagged" or not any(lists) or not all(isinstance(names, list) for names in lists):
        return False
    prefixes, patterns = lists
    return all(covers_all(tags.filters, str(prefix)) for prefix in prefixes) and all(
        pattern in tags.filters or covers_all(tags.filters, str(pattern).partition("*")[0]) for pattern in patterns
    )


def selects(rule: Mapping[str, Any], tag: str | None) -> bool | None:
    """Whether the rule selects an image by this tag of it, None for an unknown one; None where a tag that is unknown decides."""
    chosen = selection(rule)
    lists = [chosen.get(name) or [] for name in _LISTS]
    if chosen.get("tagStatus") != "tagged" or not any(lists) or not all(isinstance(names, list) for names in lists):
        return chosen.get("tagStatus") != "untagged"
    if tag is None:
        return None
    prefixes, patterns = lists
    matches = [tag.startswith(str(prefix)) for prefix in prefixes]
    matches += [_matches(str(pattern), tag) for pattern in patterns]
    # An image is selected by all of the list together, and may have other tags.
    return True if all(matches) else None if any(matches) else False


def _matches(pattern: str, tag: str) -> bool:
    # Piece by piece, because a regular expression of many stars takes for ever.
    first, *others = pattern.split("*")
    if not others:
        return tag == pattern
    *middle, last = others
    if not tag.startswith(first):
        return False
    at = len(first)
    for piece in middle:
        at = tag.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return len(tag) - at >= len(last) and tag.endswith(last)


def called(rule: Mapping[str, Any]) -> str:
    """What messages call the rule."""
    return f"life-cycle rule {rule['rulePriority']}" if "rulePriority" in rule else "a life-cycle rule"


def policy_faults(rules: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Why ECR refuses the policy: a message and what to do, for each reason."""
    if len(rules) > _RULES_MAX:
        yield f"the life-cycle policy has {len(rules)} rules; allowed: {_RULES_MAX}", "join rules whose images expire alike"
    for rule in rules:
        for message, hint in (*_selection_faults(rule), *_action_faults(rule), *_tag_faults(rule)):
            yield f"{called(rule)} {message}", hint
    yield from _order_faults(rules)


def _selection_faults(rule: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    chosen = selection(rule)
    kind, number, unit = chosen.get("countType"), chosen.get("countNumber"), chosen.get("countUnit")
    if kind not in _COUNT_TYPES:
        yield f'counts by "{kind}"; allowed: {", ".join(_COUNT_TYPES)}', "set countType"
        return
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        yield f"has the countNumber {number!r}; allowed: a whole number from 1", "set countNumber"
    elif kind == TRANSITIONED and number < ARCHIVE_DAYS_MIN:
        yield (
            f"expires images {number} days after they were archived; allowed: {ARCHIVE_DAYS_MIN} or more",
            f"set countNumber to {ARCHIVE_DAYS_MIN} or more: so many days are charged in any case",
        )
    if kind == COUNT and unit is not None:
        yield f'has the countUnit "{unit}", which {COUNT} does not take', "leave countUnit out"
    elif kind != COUNT and unit != "days":
        yield f'counts days and has {_given("countUnit", unit)}; allowed: "days"', 'set countUnit to "days"'
    stored = chosen.get("storageClass")
    if kind == TRANSITIONED and stored != "archive":
        yield f'counts by {TRANSITIONED} and has {_given("storageClass", stored)}; allowed: "archive"', 'set storageClass to "archive"'
    elif kind != TRANSITIONED and stored not in (None, "standard"):
        yield (
            f'counts by {kind} and has the storageClass "{stored}"; allowed: "standard"',
            f"leave storageClass out, or count by {TRANSITIONED}",
        )


def _action_faults(rule: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    kind, does = selection(rule).get("countType"), action(rule)
    if does not in ("expire", "transition"):
        yield f"has {_given('action', does or None)}; allowed: expire, transition", "set the type of the action"
    elif kind == PULLED and does == "expire":
        yield (
            f"expires images by {PULLED}, which only moves images to the archive",
            f"use the action transition with targetStorageClass archive, and expire by {TRANSITIONED} in a second rule",
        )
    elif kind == TRANSITIONED and does == "transition":
        yield f"moves images by {TRANSITIONED}, which only expires what is in the archive", "use the action expire"
    elif does == "transition" and (target := rule["action"].get("targetStorageClass")) != "archive":
        yield f'moves images and has {_given("targetStorageClass", target)}; allowed: "archive"', 'set targetStorageClass to "archive"'


def _tag_faults(rule: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    chosen = selection(rule)
    status, given = chosen.get("tagStatus"), [name for name in _LISTS if chosen.get(name)]
    if status not in _STATUSES:
        yield f'has the tagStatus "{status}"; allowed: {", ".join(_STATUSES)}', "set tagStatus"
    elif status != "tagged" and given:
        yield f'selects {status} images and has a {given[0]}; allowed: with the tagStatus "tagged"', f"leave {given[0]} out"
    elif status == "tagged" and len(given) != 1:
        yield (
            f"selects tagged images and has {' and '.join(given) or 'no list of tags'}; allowed: one of {', '.join(_LISTS)}",
            "keep one list",
        )
    patterns = chosen.get("tagPatternList")
    for pattern in patterns if isinstance(patterns, list) else ():
        if str(pattern).count("*") > _STARS_MAX:
            yield f'has the pattern "{pattern}" with {str(pattern).count("*")} stars; allowed: {_STARS_MAX}', "use fewer stars"


def _order_faults(rules: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """What is wrong between rules; each storage class is judged by itself."""
    priorities = Counter(_number(rule) for rule in rules)
    for priority, times in priorities.items():
        if priority is None or times > 1:
            what = "without a whole number as its rulePriority" if priority is None else f"with the rulePriority {priority}"
            yield f"the life-cycle policy has {times} rule{'' if times == 1 else 's'} {what}", "number the rules, each with another number"
    classes: dict[str, list[Mapping[str, Any]]] = {}
    for rule in rules:
        classes.setdefault(str(selection(rule).get("storageClass", "standard")), []).append(rule)
    for name, members in classes.items():
        untagged = sum(selection(rule).get("tagStatus") == "untagged" for rule in members)
        if untagged > 1:
            yield f"{untagged} life-cycle rules select untagged images in the storage class {name}; allowed: 1", "join them in one rule"
        prefixes = Counter(_prefixes(rule) for rule in members)
        for chosen, times in prefixes.items():
            if chosen and times > 1:
                yield (
                    f"{times} life-cycle rules select the tags {', '.join(chosen)} in the storage class {name}; allowed: 1",
                    "join them in one rule",
                )
        last = max((_number(rule) or 0 for rule in members), default=0)
        for rule in members:
            if selection(rule).get("tagStatus") == "any" and (number := _number(rule)) is not None and number < last:
                yield f'{called(rule)} selects images by the tagStatus "any" before rule {last}', "give it the highest rulePriority"


def _number(rule: Mapping[str, Any]) -> int | None:
    value = rule.get("rulePriority")
    return value if isinstance(value, int) else None


def _prefixes(rule: Mapping[str, Any]) -> tuple[str, ...]:
    value = selection(rule).get("tagPrefixList")
    return tuple(sorted(map(str, value))) if isinstance(value, list) else ()


def _given(name: str, value: Any) -> str:
    return f"no {name}" if value is None else f'the {name} "{value}"'
