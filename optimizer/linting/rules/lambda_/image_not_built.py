"""LIO685: sam build builds nothing for a function, and succeeds."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject
from optimizer.linting.violations import declared
from optimizer.model.template import TemplateFaultKind


def _check(subject: AppSubject, conventions: Conventions) -> Iterator[Verdict]:
    yield from declared(subject, TemplateFaultKind.NOT_BUILT)


RULE = Rule(
    id="LIO685",
    name="image-not-built",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A function of a template has no Dockerfile that SAM would build, or one that SAM does not look at.",
    why=(
        "SAM CLI (1.170.0) builds an image when Metadata has both Dockerfile and DockerContext and PackageType is Image. Else it says Build Succeeded, "
        "and the deployment fails, or takes the image that ImageUri names."
    ),
    fix="write PackageType: Image, Dockerfile and DockerContext",
    bad="Api:\n  Type: AWS::Serverless::Function\n  Properties: {PackageType: Image}\n  Metadata: {Dockerfile: Dockerfile}",
    good="Api:\n  Type: AWS::Serverless::Function\n  Properties: {PackageType: Image}\n  Metadata: {Dockerfile: Dockerfile, DockerContext: .}",
    example="yaml",
    app=_check,
)
