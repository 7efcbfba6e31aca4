"""LIO688: an image function stands in a loop of a template."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject
from optimizer.linting.violations import declared
from optimizer.model.template import TemplateFaultKind


def _check(subject: AppSubject, conventions: Conventions) -> Iterator[Verdict]:
    yield from declared(subject, TemplateFaultKind.IN_LOOP)


RULE = Rule(
    id="LIO688",
    name="image-in-loop",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="An image function of a template stands in Fn::ForEach.",
    why=(
        "sam build (1.170.0) with --language-extensions builds the images and leaves the loop in the template that it writes: no function gets an "
        "ImageUri, and sam package and sam deploy fail. Without the option it ends in a traceback."
    ),
    fix="write the functions out",
    bad="Fn::ForEach::Functions:\n  - Name\n  - [Get, Put]\n  - ${Name}Function:\n      Type: AWS::Serverless::Function\n      Properties: {PackageType: Image}\n      Metadata: {Dockerfile: Dockerfile, DockerContext: .}",
    good="GetFunction:\n  Type: AWS::Serverless::Function\n  Properties: {PackageType: Image}\n  Metadata: &api {Dockerfile: Dockerfile, DockerContext: .}\nPutFunction:\n  Type: AWS::Serverless::Function\n  Properties: {PackageType: Image}\n  Metadata: *api",
    example="yaml",
    app=_check,
)
