"""LIO642: an image function has a setting that AWS offers for zip archives alone."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.properties import runs_image, set_properties
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject

_INSTEAD = {
    "CodeSigningConfigArn": "take it out, and sign the image in Amazon ECR, with a signing configuration of the registry",
    "RuntimeManagementConfig": "take it out; a newer base image comes with optimizer pin and a deployment",
}


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    if not runs_image(subject.declared):
        return
    yield from set_properties(subject, _INSTEAD, "the function runs an image, and {} is for zip archives")


RULE = Rule(
    id="LIO642",
    name="unsupported-on-images",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="An image function has CodeSigningConfigArn or RuntimeManagementConfig, which are for zip archives.",
    why=(
        "Functions that run images do not support code signing, says AWS's guide: nothing checks the image, whatever the configuration demands. "
        "Runtime management decides when a managed runtime is renewed; an image brings its own. Neither CDK, nor SAM, nor cfn-lint says so. "
        "Whether Lambda refuses the deployment or passes over the property was not found."
    ),
    fix="take it out",
    bad='lambda_.DockerImageFunction(self, "Api", code=code, code_signing_config=signing)',
    good='lambda_.DockerImageFunction(self, "Api", code=code)',
    example="python",
    function=_check,
)
