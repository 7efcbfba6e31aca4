"""LIO693: a runtime, its version or its alias goes with its stack."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject
from optimizer.linting.violations import declared
from optimizer.model.template import TemplateFaultKind


def _check(subject: AppSubject, conventions: Conventions) -> Iterator[Verdict]:
    yield from declared(subject, TemplateFaultKind.RUNTIME_NOT_RETAINED)


RULE = Rule(
    id="LIO693",
    name="runtime-not-retained",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A customer-managed runtime, a version or an alias of it is not retained.",
    why=(
        "Lambda does not look for functions that use what is deleted: their invocations fail at once. The name stays reserved for 30 days, so that the same "
        "template cannot bring it back."
    ),
    fix="write DeletionPolicy: Retain and UpdateReplacePolicy: Retain, and delete by hand what no function uses",
    bad="Live:\n  Type: AWS::Lambda::RuntimeAlias\n  Properties: {RuntimeName: house-python, Name: live, RuntimeVersion: v1}\n",
    good="Live:\n  Type: AWS::Lambda::RuntimeAlias\n  DeletionPolicy: Retain\n  UpdateReplacePolicy: Retain\n  Properties: {RuntimeName: house-python, Name: live, RuntimeVersion: v1}\n",
    example="yaml",
    app=_check,
)
