"""LIO694: Lambda refuses a runtime, its version or its alias."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject
from optimizer.linting.violations import declared
from optimizer.model.template import TemplateFaultKind


def _check(subject: AppSubject, conventions: Conventions) -> Iterator[Verdict]:
    yield from declared(subject, TemplateFaultKind.RUNTIME_REFUSED)


RULE = Rule(
    id="LIO694",
    name="runtime-refused",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A name, a text or the release lifecycle of a customer-managed runtime is none that Lambda takes, or two have one name.",
    why=(
        "The deployment fails at the resource. A name is one runtime's in its account and Region, as that of a version or an alias is within a "
        "runtime. cfn-lint (1.58) and CDK's own validation (2.275) do not know these types and check nothing of them."
    ),
    fix="write names, texts and dates in the form that the API takes, and each name once",
    bad="House:\n  Type: AWS::Lambda::Runtime\n  Properties:\n    Name: House-Python\n    ReleaseLifecycle: {ReleaseState: DEPRECATED}\n",
    good='House:\n  Type: AWS::Lambda::Runtime\n  Properties:\n    Name: house-python\n    ReleaseLifecycle: {ReleaseState: DEPRECATED, DeprecationDate: "2026-11-01"}\n',
    example="yaml",
    app=_check,
)
