"""LIO692: a version of a runtime has no image that Lambda takes."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject
from optimizer.linting.violations import declared
from optimizer.model.template import TemplateFaultKind


def _check(subject: AppSubject, conventions: Conventions) -> Iterator[Verdict]:
    yield from declared(subject, TemplateFaultKind.RUNTIME_IMAGE)


RULE = Rule(
    id="LIO692",
    name="runtime-image-not-taken",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A version of a customer-managed runtime names no image, or one outside of Amazon ECR.",
    why=("A version is an image in Amazon ECR, which whoever creates the version must be able to read. It cannot be changed later."),
    fix="name an image in a private repository of Amazon ECR; CustomerManagedRuntime makes and names one",
    bad="Version:\n  Type: AWS::Lambda::RuntimeVersion\n  Properties:\n    RuntimeName: house-python\n    Name: v1\n    ImageUri: public.ecr.aws/lambda/python:3.13\n",
    good="Version:\n  Type: AWS::Lambda::RuntimeVersion\n  Properties:\n    RuntimeName: house-python\n    Name: v1\n    ImageUri: 123456789012.dkr.ecr.eu-central-1.amazonaws.com/lambda-images:v1\n",
    example="yaml",
    app=_check,
)
