"""Which tags may move, as far as AWS says."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.model.tag_mutability import TagMutability, covers, covers_all, filter_fault

TAGS = st.text("ac-0", min_size=1, max_size=6)
FILTERS = st.text("acC-*", min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("filters", "tag", "covered"),
    [
        (["cache-*"], "cache-api", True),
        (["cache"], "cache", True),
        (["cache-*", "latest"], "latest", True),
        (["cache-*"], "0123abcd", False),
        ([], "cache", False),
        # AWS does not say: case, the whole tag, a star for nothing, more than two stars.
        (["CACHE-*"], "cache-api", None),
        (["cache"], "cache-api", None),
        (["cache-*"], "cache-", None),
        (["c*c*e*"], "cache-api", None),
    ],
)
def test_a_filter_covers_a_tag_or_it_is_not_known(filters: list[str], tag: str, covered: bool | None) -> None:
    """Requirement: "fine where a filter covers the cache's tag, found where not, inconclusive where the matching semantics are not known"."""
    assert covers(filters, tag) is covered
    assert TagMutability(mode="IMMUTABLE_WITH_EXCLUSION", filters=tuple(filters)).may_move(tag) is covered
    other = TagMutability(mode="MUTABLE_WITH_EXCLUSION", filters=tuple(filters)).may_move(tag)
    assert other is (None if covered is None else not covered)


@pytest.mark.parametrize(("mode", "moves"), [("MUTABLE", True), ("IMMUTABLE", False)])
def test_filters_count_in_modes_with_exclusion_alone(mode: str, moves: bool) -> None:
    assert TagMutability(mode=mode, filters=("*",)).may_move("cache") is moves


@given(st.lists(FILTERS, max_size=3), TAGS)
def test_what_is_sure_holds_for_every_meaning_of_a_filter(filters: list[str], tag: str) -> None:
    meanings = [
        any(match(text.replace("*", star), tag, flags) for text in filters)
        for match in (re.fullmatch, re.search)
        for star in (".+", ".*")
        for flags in (0, re.IGNORECASE)
    ]
    covered = covers(filters, tag)
    assert covered is None or set(meanings) == {covered}


@given(st.lists(FILTERS, max_size=3), TAGS, TAGS)
def test_a_covered_prefix_covers_all_that_follows(filters: list[str], prefix: str, rest: str) -> None:
    if covers_all(filters, prefix):
        assert covers(filters, prefix + rest)


@pytest.mark.parametrize("text", ["cache-*", "*", "a" * 128, "v1.*_x"])
def test_takes_what_the_api_takes(text: str) -> None:
    assert filter_fault(text) is None


@pytest.mark.parametrize("value", ["", "a" * 129, "cache/*", "cache-?", "é", 1, None, "cache\n"])
def test_refuses_what_the_api_refuses(value: object) -> None:
    fault = filter_fault(value)
    assert fault is not None and "allowed: 1 to 128" in fault
