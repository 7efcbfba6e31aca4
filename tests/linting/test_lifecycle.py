"""Life-cycle policies are texts that come from anyone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import lint
from optimizer.linting.facts.lifecycle import selects
from optimizer.linting.finding import Location
from optimizer.linting.rule import choose
from optimizer.linting.rules import RULES
from optimizer.linting.subjects import RepositorySubject
from tests.linting.cases import TODAY

KEYS = [
    "rulePriority", "selection", "action", "type", "targetStorageClass", "tagStatus", "tagPrefixList", "tagPatternList", "storageClass",
    "countType", "countUnit", "countNumber", "ImageTagMutabilityExclusionFilterType", "ImageTagMutabilityExclusionFilterValue",
]  # fmt: skip
WORDS = ["tagged", "untagged", "any", "expire", "transition", "archive", "standard", "days", "sinceImagePulled", "imageCountMoreThan", "v*"]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(WORDS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=20,
)
MAPPINGS = st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6), max_size=3)


@given(MAPPINGS, MAPPINGS, st.sampled_from(["MUTABLE", "IMMUTABLE_WITH_EXCLUSION", "else", None]))
def test_no_shape_does_harm(rules: list[dict[str, Any]], filters: list[dict[str, Any]], mode: str | None) -> None:
    subject = RepositorySubject(location=Location(), receives=True, lifecycle=tuple(rules), mutability=mode, exclusions=tuple(filters))
    report = lint([subject], Conventions(today=TODAY), rules=choose(RULES, ["LIO704", "LIO707", "LIO708"]))
    assert all(finding.message and finding.hint for finding in report.findings)
    by_tag = replace(subject, receives=False, run_tags=("v1", None))
    lint([by_tag], Conventions(today=TODAY), rules=choose(RULES, ["LIO704"]))


@pytest.mark.parametrize(
    ("patterns", "tag", "selected"),
    [
        (["*"], "v1", True),
        (["v*"], "v", True),
        (["v*-live"], "v1-live", True),
        (["v*-live"], "v-liv", False),
        (["a*a"], "a", False),
        (["*b*c*"], "abc", True),
        (["*c*b*"], "abc", False),
        (["v1"], "v12", False),
        (["v*", "*live"], "v1", None),
        (["v*", "*live"], "v1-live", True),
        (["*" * 200 + "b"], "a" * 300, False),
        (["v*"], None, None),
    ],
)
def test_tags_that_a_rule_selects(patterns: list[str], tag: str | None, selected: bool | None) -> None:
    assert selects({"selection": {"tagStatus": "tagged", "tagPatternList": patterns}}, tag) is selected


@pytest.mark.parametrize(("status", "selected"), [("any", True), ("untagged", False)])
def test_all_tags_or_none(status: str, selected: bool) -> None:
    assert selects({"selection": {"tagStatus": status}}, None) is selected
