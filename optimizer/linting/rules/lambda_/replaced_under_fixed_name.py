"""LIO650: a fixed name on a function that CloudFormation may have to replace."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.properties import is_set
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject

_REPLACING = ("DurableConfig", "TenancyConfig")


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    if not is_set(subject.declared, "FunctionName"):
        return
    for name in _REPLACING:
        if is_set(subject.declared, name):
            yield Violation(
                message=f"the function has a name of its own and {name}, which an existing function gets only by being replaced",
                span=subject.place("FunctionName"),
            )


RULE = Rule(
    id="LIO650",
    name="replaced-under-fixed-name",
    severity=Severity.INFO,
    since="0.1.0",
    summary="A function with a fixed name has a setting that an existing function gets only by being replaced.",
    why=(
        "Package type, function name and tenancy cannot be changed, and DurableConfig cannot be added: CloudFormation makes a new function and "
        "deletes the old one. With a fixed name both would have the same, and the deployment fails. Whether the function exists already, and "
        "how, is in no template, so this is a note. It also concerns a function that changes from a zip archive to an image."
    ),
    fix="leave the name to CloudFormation; or for this deployment, choose another",
    bad="FunctionName: orders\nDurableConfig:\n  ExecutionTimeout: 3600",
    good="DurableConfig:\n  ExecutionTimeout: 3600",
    example="yaml",
    function=_check,
)
