"""LIO691: a function does not name the customer-managed runtime that it uses."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject
from optimizer.linting.violations import declared
from optimizer.model.template import TemplateFaultKind


def _check(subject: AppSubject, conventions: Conventions) -> Iterator[Verdict]:
    yield from declared(subject, TemplateFaultKind.RUNTIME_NOT_NAMED)


RULE = Rule(
    id="LIO691",
    name="runtime-not-named",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A function uses a customer-managed runtime and does not name it, or its alias.",
    why=(
        "A function names its runtime by the ARN and an alias, which points to one version: both are required, beside Runtime: custom. SAM and cfn-lint "
        "(1.58) do not know these properties, and the deployment fails."
    ),
    fix="write Runtime: custom, and RuntimeConfig with RuntimeArn and RuntimeAlias; in CDK call use_in of the CustomerManagedRuntime",
    bad="Orders:\n  Type: AWS::Lambda::Function\n  Properties:\n    Runtime: custom\n    RuntimeConfig:\n      RuntimeArn: arn:aws:lambda:eu-central-1:123456789012:runtime/house-python\n",
    good="Orders:\n  Type: AWS::Lambda::Function\n  Properties:\n    Runtime: custom\n    RuntimeConfig:\n      RuntimeArn: arn:aws:lambda:eu-central-1:123456789012:runtime/house-python\n      RuntimeAlias: live\n",
    example="yaml",
    app=_check,
)
