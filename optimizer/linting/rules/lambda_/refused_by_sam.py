"""LIO686: SAM refuses a template."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import AppSubject
from optimizer.linting.violations import declared
from optimizer.model.template import TemplateFaultKind


def _check(subject: AppSubject, conventions: Conventions) -> Iterator[Verdict]:
    yield from declared(subject, TemplateFaultKind.REFUSED)


RULE = Rule(
    id="LIO686",
    name="refused-by-sam",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="SAM refuses something that a template says of its images.",
    why=(
        "sam build (1.170.0) ends with an error, and for some of these with a traceback that does not name the place. PackageType, ImageUri and "
        "ImageConfig are not allowed in Globals; Architectures is a list of one; DockerBuildArgs is a mapping, DockerBuildExtraParams a list of "
        "texts. With Runtime, Handler or Layers, an image function is built and then not deployed; those of Globals hold for it too. RuntimeConfig is not "
        "known to its translator 1.115. LIO641 says the same of functions of CloudFormation."
    ),
    fix="write it as SAM takes it",
    bad="Globals:\n  Function:\n    PackageType: Image",
    good="Resources:\n  Api:\n    Type: AWS::Serverless::Function\n    Properties:\n      PackageType: Image",
    example="yaml",
    app=_check,
)
