"""What the rules of ``optimizer lint`` say of an account, by the same ids.

A repository of the account is a subject as one of a template is, and the image
that a function runs is judged by the name of its base.  Only rules that judge
what an account shows are run: others speak of how a build or a template is
written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from optimizer.audit.audit import Audit, AuditedVersion
from optimizer.audit.inventory import Repository, title
from optimizer.audit.usage import Usage
from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import lint, set_aside, with_findings
from optimizer.linting.finding import Location
from optimizer.linting.report import LintReport, folded
from optimizer.linting.rule import rules_of
from optimizer.linting.rules import RULES
from optimizer.linting.subjects import AppSubject, DockerfileSubject, FunctionSubject, RepositorySubject, Subject
from optimizer.model.ecr import EcrRegistry
from optimizer.model.function import DeclaredFunction

JUDGED = ("LIO104", "LIO105", "LIO632", "LIO634", "LIO701", "LIO702", "LIO704", "LIO705", "LIO707", "LIO708")
"""The rules that are run; LIO652 is told of an index under a function."""

_INDEX = next(rule for rule in RULES if rule.id == "LIO652")


def judge(audit: Audit, conventions: Conventions) -> LintReport:
    """The findings of an account, equal ones of several functions as one, after the suppressions of the conventions."""
    rules = rules_of(conventions, [rule for rule in RULES if rule.id in (*JUDGED, _INDEX.id)])
    report = lint([*_subjects(audit)], conventions, rules=rules, known=RULES)
    found = [
        (_INDEX, f"the image of version {item.version.version} is an image index; allowed: the manifest of one image", _location(item), "")
        for item in audit.broken
        if item.state == "index"
    ]
    report = with_findings(report, found, conventions, rules)
    places = [finding.location for finding in report.findings]
    return folded(set_aside(report, conventions, rules=rules, looked_at=places))


def _subjects(audit: Audit) -> Iterator[Subject]:
    usage = Usage(audit.inventory)
    for repository in audit.inventory.repositories:
        # Of policies that could not be read, the gap says so.
        if repository.lifecycle is not None and repository.policy is not None:
            yield _repository(repository, receives=usage.has_users(repository))
    functions: dict[EcrRegistry, list[FunctionSubject]] = {}
    for function in audit.functions:
        item = function.latest
        subject = _function(item)
        functions.setdefault(function.place, []).append(subject)
        yield subject
        # What an alias leads to is run too.
        run = [item, *(version for version in function.versions if version.version.aliases)]
        for base in dict.fromkeys(version.base for version in run):
            if base and base.reference:
                yield replace(_based_on(str(base.reference.with_digest(base.digest))), place=_location(item))
    for place, members in functions.items():
        yield AppSubject(location=Location(construct=title(place)), functions=members)


@lru_cache(maxsize=256)
def _based_on(base: str) -> DockerfileSubject:
    """What rules about base images look at: nothing of an image is known but the name of its base."""
    return DockerfileSubject.of(f"FROM {base}\n", "", for_lambda=True)


def _repository(repository: Repository, *, receives: bool) -> RepositorySubject:
    return RepositorySubject(
        location=Location(construct=repository.title),
        name=repository.name,
        lifecycle=repository.lifecycle,
        policy=repository.policy,
        mutability=repository.mutability,
        exclusions=repository.exclusions,
        receives=receives,
    )


def _function(item: AuditedVersion) -> FunctionSubject:
    version = item.version
    return FunctionSubject(
        construct=version.function,
        location=_location(item),
        declared=DeclaredFunction(
            architecture=version.architecture, architecture_given=True, properties=version.properties, image_uri=version.image
        ),
        repository=item.key[1] if item.key else None,
        image=item.key[2] if item.key else version.image,
        region=version.place.region,
    )


def _location(item: AuditedVersion) -> Location:
    return Location(construct=f"{item.version.function} ({title(item.version.place)})")
