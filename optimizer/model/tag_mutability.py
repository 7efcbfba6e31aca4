"""Which tags of an ECR repository may move to another image.

Terms
    filter   a pattern of tags, with ``*`` for any run of characters; what it
             covers is excluded from the mode of the repository

Sources: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html and
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageTagMutabilityExclusionFilter.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MODES = ("MUTABLE", "IMMUTABLE", "MUTABLE_WITH_EXCLUSION", "IMMUTABLE_WITH_EXCLUSION")
FILTERS_MAX = 5
STARS_MAX = 2
"""Of a filter.  AWS publishes no number: with more, Terraform's provider refuses to ask ECR."""

_FILTER = re.compile(r"[0-9a-zA-Z._*-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TagMutability:
    """The mode of a repository, and the filters that are excluded from it."""

    mode: str = "MUTABLE"
    filters: tuple[str, ...] = ()

    @classmethod
    def declared(cls, mode: str | None, exclusions: Sequence[Mapping[str, Any]] | None) -> TagMutability | None:
        """What an ``AWS::ECR::Repository`` declares; None where a part of that is unknown (None), or wrong."""
        filters = None if exclusions is None else tuple(item.get("ImageTagMutabilityExclusionFilterValue") for item in exclusions)
        if mode not in MODES or filters is None or any(filter_fault(text) for text in filters):
            return None
        return cls(mode=mode, filters=tuple(map(str, filters)))

    @property
    def has_filters(self) -> bool:
        """Whether filters count in the mode."""
        return self.mode.endswith("_WITH_EXCLUSION")

    def may_move(self, tag: str) -> bool | None:
        """Whether the tag may be written again; None where AWS does not say whether a filter covers it."""
        by_mode = self.mode.startswith("MUTABLE")
        covered = covers(self.filters, tag) if self.has_filters else False
        return None if covered is None else by_mode is not covered


def covers(filters: Iterable[str], tag: str) -> bool | None:
    """Whether one of the filters covers the tag.

    AWS does not say whether case counts, whether a filter speaks of the whole
    tag, and whether ``*`` may stand for nothing: None where that decides.
    """
    unsure = False
    for text in filters:
        pattern = re.escape(text)
        if text.count("*") <= STARS_MAX and re.fullmatch(pattern.replace(r"\*", ".+"), tag):
            return True
        unsure = unsure or re.search(pattern.replace(r"\*", ".*"), tag, re.IGNORECASE) is not None
    return None if unsure else False


def covers_all(filters: Iterable[str], prefix: str) -> bool:
    """Whether one of the filters covers every tag that goes on after the prefix."""
    return any(text.endswith("*") and text.count("*") == 1 and prefix.startswith(text[:-1]) for text in filters)


def filter_fault(value: object) -> str | None:
    """What is wrong with a filter, with what is allowed; None where nothing is."""
    if isinstance(value, str) and _FILTER.fullmatch(value):
        return None
    shown = f'"{value}"' if isinstance(value, str) else repr(value)
    return f"{shown} is not a filter of tags; allowed: 1 to 128 letters, digits and . _ - *"
