"""Which images a life-cycle policy takes, and when.

Every image belongs to the first rule, by priority, whose tags it matches; no
rule after that takes it, whether or not the first one does.  A rule that counts
ranks all images that match its tags, those of earlier rules among them, and
takes the oldest.  An image that an index names stays as long as the index.

Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html#lp_evaluation_rules
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.audit.inventory import StoredImage
from optimizer.linting.facts.lifecycle import COUNT, PULLED, PUSHED, TRANSITIONED, action, called, policy_faults, selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a rule does to an image: ``expire`` or ``transition``; ``due`` is when, None for at once by its count."""

    rule: str
    action: str
    due: datetime.datetime | None

    def is_due(self, now: datetime.datetime) -> bool:
        """Whether it happens at the next evaluation, which is within a day."""
        return self.due is None or self.due <= now


def taken(rules: Sequence[Mapping[str, Any]], images: Sequence[StoredImage]) -> dict[str, Taken] | None:
    """What becomes of images by the policy if nothing is pushed or pulled any more, by digest.

    None for a policy that ECR would refuse, which says nothing.
    """
    if any(policy_faults(rules)):
        return None
    members = {member for image in images if image.content for member in image.content.members}
    found: dict[str, Taken] = {}
    claimed: set[str] = set()
    for rule in sorted(rules, key=lambda rule: int(rule["rulePriority"])):
        chosen = selection(rule)
        archive = chosen.get("storageClass") == "archive"
        matching = [image for image in images if image.archived is archive and _matches(chosen, image.tags)]
        for image, due in _reached(chosen, matching):
            if image.digest not in claimed and image.digest not in members:
                found[image.digest] = Taken(rule=called(rule), action=action(rule), due=due)
        claimed.update(image.digest for image in matching)
    return found


def _matches(chosen: Mapping[str, Any], tags: Sequence[str]) -> bool:
    """Whether the rule speaks of images with these tags; each entry of its list has to be the start, or the pattern, of one."""
    status = chosen.get("tagStatus")
    if status != "tagged":
        return status == "any" or not tags
    prefixes, patterns = chosen.get("tagPrefixList") or (), chosen.get("tagPatternList") or ()
    return (
        bool(tags)
        and all(any(tag.startswith(str(prefix)) for tag in tags) for prefix in prefixes)
        and all(any(re.fullmatch(re.escape(str(pattern)).replace(r"\*", ".*"), tag) for tag in tags) for pattern in patterns)
    )


def _reached(chosen: Mapping[str, Any], images: Iterable[StoredImage]) -> Iterable[tuple[StoredImage, datetime.datetime | None]]:
    number = int(chosen["countNumber"])
    if chosen["countType"] == COUNT:
        youngest = sorted(images, key=lambda image: (image.pushed, image.digest), reverse=True)
        return [(image, None) for image in youngest[number:]]
    age = datetime.timedelta(days=number)
    return [(image, since + age) for image in images if (since := _since(chosen["countType"], image)) is not None]


def _since(count_type: str, image: StoredImage) -> datetime.datetime | None:
    return {PUSHED: image.pushed, PULLED: image.pulled or image.pushed, TRANSITIONED: image.archived_at}[count_type]
