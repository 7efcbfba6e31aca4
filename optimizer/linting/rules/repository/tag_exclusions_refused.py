"""LIO708: filters of tags that Amazon ECR refuses."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import RepositorySubject
from optimizer.model.tag_mutability import FILTERS_MAX, MODES, STARS_MAX, TagMutability, filter_fault

_TYPE, _VALUE = "ImageTagMutabilityExclusionFilterType", "ImageTagMutabilityExclusionFilterValue"


def _check(subject: RepositorySubject, conventions: Conventions) -> Iterator[Verdict]:
    mode, filters = subject.mutability, subject.exclusions
    if mode is not None and mode not in MODES:
        yield Violation(message=f'ImageTagMutability is "{mode}"; allowed: {", ".join(MODES)}', hint="set one of these modes")
        return
    if mode is None or filters is None:
        yield Inconclusive(reason="the mode of the tags, or what is excluded from it, is known at deployment only")
        return
    takes_filters = TagMutability(mode=mode).has_filters
    if filters and not takes_filters:
        yield Violation(
            message=f"the repository has filters of tags, and the mode {mode}, which takes none", hint=f"set the mode {mode}_WITH_EXCLUSION"
        )
    if takes_filters and not filters:
        plain = mode.removesuffix("_WITH_EXCLUSION")
        yield Violation(message=f"the mode {mode} has no filter of tags", hint=f"name 1 to {FILTERS_MAX} filters, or set the mode {plain}")
    if len(filters) > FILTERS_MAX:
        yield Violation(message=f"the repository has {len(filters)} filters of tags; allowed: {FILTERS_MAX}", hint="join filters with *")
    for item in filters:
        kind, value = item.get(_TYPE), item.get(_VALUE)
        if kind != "WILDCARD":
            given = f"no {_TYPE}" if kind is None else f'the type "{kind}"'
            yield Violation(message=f"a filter of tags has {given}; allowed: WILDCARD", hint=f"set {_TYPE}")
        if value is None:
            yield Violation(message=f"a filter of tags has no {_VALUE}", hint="name tags as they are, with * for what differs")
        elif (fault := filter_fault(value)) is not None:
            yield Violation(message=fault, hint="name tags as they are, with * for what differs")
        elif str(value).count("*") > STARS_MAX:
            yield Inconclusive(reason=f'AWS does not say how many stars a filter may have, and "{value}" has more than {STARS_MAX}')


RULE = Rule(
    id="LIO708",
    name="tag-exclusions-refused",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="Amazon ECR refuses the repository's tag mutability, or the filters that are excluded from it.",
    why=(
        "Filters need one of the modes that end in _WITH_EXCLUSION, and these need filters, up to five. CDK's Repository checks that; a template "
        "fails at deployment. An AWS::ECR::RepositoryCreationTemplate is judged like a repository."
    ),
    fix="write mode and filters as ECR takes them",
    bad=(
        "ImageTagMutability: IMMUTABLE\n"
        "ImageTagMutabilityExclusionFilters:\n"
        "  - {ImageTagMutabilityExclusionFilterType: WILDCARD, ImageTagMutabilityExclusionFilterValue: cache-*}"
    ),
    good=(
        "ImageTagMutability: IMMUTABLE_WITH_EXCLUSION\n"
        "ImageTagMutabilityExclusionFilters:\n"
        "  - {ImageTagMutabilityExclusionFilterType: WILDCARD, ImageTagMutabilityExclusionFilterValue: cache-*}"
    ),
    example="yaml",
    repository=_check,
)
