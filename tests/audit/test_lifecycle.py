"""What a life-cycle policy takes, by the rules that ECR documents."""

from __future__ import annotations

import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from optimizer.audit.inventory import ManifestContent, StoredImage
from optimizer.audit.lifecycle import taken
from tests.audit.account import digest

NOW = datetime.datetime(2026, 11, 29, tzinfo=datetime.timezone.utc)


def image(name: str, *tags: str, days: int = 0, **more: Any) -> StoredImage:
    return StoredImage(digest=digest(name), tags=tags, pushed=NOW - datetime.timedelta(days=days), **more)


def rule(priority: int, status: str = "any", action: str = "expire", **selection: Any) -> dict[str, Any]:
    chosen = {"tagStatus": status, "countType": "imageCountMoreThan", "countNumber": 1, **selection}
    does = {"type": action, **({"targetStorageClass": "archive"} if action == "transition" else {})}
    return {"rulePriority": priority, "selection": chosen, "action": does}


def due(rules: list[dict[str, Any]], *images: StoredImage) -> dict[str, str]:
    """The images that go at once, by the rule that takes them."""
    names = {digest(name): name for name in "abcdefgh"}
    found = taken(rules, images)
    assert found is not None
    return {names[key]: item.rule for key, item in sorted(found.items()) if item.is_due(NOW)}


DAYS = {"countType": "sinceImagePushed", "countUnit": "days"}


class TestWhatARuleTakes:
    def test_all_but_the_youngest(self) -> None:
        assert set(due([rule(1, countNumber=2)], image("a", days=3), image("b", days=2), image("c", days=1))) == {"a"}

    def test_what_is_older_than_so_many_days(self) -> None:
        found = taken([rule(1, **DAYS, countNumber=10)], [image("a", days=11), image("b", days=9)])
        assert found is not None
        assert found[digest("a")].is_due(NOW)
        assert found[digest("b")].due == NOW + datetime.timedelta(days=1)

    def test_untagged_images_alone(self) -> None:
        assert set(due([rule(1, "untagged", **DAYS, countNumber=1)], image("a", days=2), image("b", "v1", days=2))) == {"a"}

    def test_images_with_a_tag_for_each_entry_of_the_list(self) -> None:
        """ECR's page: an image matches if all of the list match any of its tags."""
        rules = [rule(1, "tagged", tagPatternList=["prod*", "*web"], **DAYS, countNumber=1)]
        assert set(due(rules, image("a", "prod1", "web", days=2), image("b", "prod1", days=2), image("c", "prodweb", days=2))) == {"a", "c"}

    def test_an_image_that_was_never_pulled_by_its_push(self) -> None:
        rules = [rule(1, action="transition", countType="sinceImagePulled", countUnit="days", countNumber=5)]
        assert set(due(rules, image("a", days=9), image("b", days=9, pulled=NOW))) == {"a"}

    def test_what_is_in_the_archive_by_rules_for_it(self) -> None:
        rules = [rule(1, countType="sinceImageTransitioned", countUnit="days", countNumber=90, storageClass="archive")]
        old = NOW - datetime.timedelta(days=91)
        assert set(due(rules, image("a", days=500), image("b", days=500, archived=True, archived_at=old))) == {"b"}


class TestBetweenRules:
    def test_the_first_that_matches_the_tags_keeps_it_from_the_others(self) -> None:
        """ECR's page: "An image that matches the tagging requirements of a rule cannot be expired by a rule with a lower priority"."""
        rules = [rule(2, countNumber=1), rule(1, "tagged", tagPrefixList=["prod"], countNumber=2)]
        found = due(rules, image("a", "prod1", days=9), image("b", "prod2", days=8), image("c", "x", days=7), image("d", days=1))
        assert found == {"c": "life-cycle rule 2"}

    def test_counts_rank_images_of_earlier_rules_too(self) -> None:
        """ECR's page: rules "can still identify them as if they haven't been expired"."""
        rules = [rule(1, "tagged", tagPrefixList=["prod"], countNumber=1), rule(2, countNumber=3)]
        found = due(rules, image("a", "prod1", days=3), image("b", "prod2", days=2), image("c", days=4), image("d", days=1))
        assert found == {"a": "life-cycle rule 1", "c": "life-cycle rule 2"}

    def test_members_of_an_index_stay(self) -> None:
        whole = image("a", days=9, content=ManifestContent(index=True, members=(digest("b"),)))
        assert set(due([rule(1, **DAYS, countNumber=1)], whole, image("b", days=9))) == {"a"}

    def test_a_policy_that_ecr_refuses_takes_nothing(self) -> None:
        assert taken([rule(1, countNumber=0)], [image("a", days=9)]) is None
        assert taken([], [image("a")]) == {}


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["", "prod1", "dev"])), max_size=8), st.integers(1, 4), st.integers(1, 20))
def test_a_rule_never_takes_more_than_it_may(images: list[tuple[int, str]], count: int, days: int) -> None:
    """A count leaves so many, and days leave what is younger."""
    held = [image(str(number), *([tag] if tag else []), days=age) for number, (age, tag) in enumerate(images)]
    by_count = taken([rule(1, countNumber=count)], held) or {}
    assert len(by_count) == max(0, len(held) - count)
    by_days = taken([rule(1, **DAYS, countNumber=days)], held) or {}
    assert {key for key, item in by_days.items() if item.is_due(NOW)} == {item.digest for item in held if (NOW - item.pushed).days >= days}
