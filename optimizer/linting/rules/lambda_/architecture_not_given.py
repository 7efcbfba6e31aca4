"""LIO682: nobody says for which architecture an image is built."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    if subject.declared.architecture_given or subject.dockerfile is None:
        return
    file = subject.dockerfile
    # FROM --platform, and a base image for one architecture, say it in the file.
    if file.platform is None and not (file.final_stages and file.final_stages[0].platform):
        yield Violation(message="the function has no architecture, and its image is built for that of the machine that builds it")
    elif subject.metadata and not (file.final_stages and file.final_stages[0].stage.start.flag("platform")):
        yield Violation(
            message=f"the function has no architecture; SAM builds its image, and Lambda runs it, for {subject.declared.architecture}",
            hint=f"write Architectures: [{subject.declared.architecture}], which changes nothing, or [arm64] where everything in the image can",
            fix=subject.telling,
        )


RULE = Rule(
    id="LIO682",
    name="architecture-not-given",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A function sets no architecture, so its image is built for the machine that builds it.",
    why=(
        "Lambda uses x86_64 when no architecture is set, but the engine builds for its own architecture: from a laptop with an "
        "ARM processor the "
        "function ends with exec format error. CDK passes the platform to the engine only when the architecture is given. SAM builds for "
        "x86_64 too when none is set; a template that sets it is clearer. --fix writes x86_64, which such a "
        "function has today, into a template."
    ),
    fix="give the architecture: architecture=lambda_.Architecture.X86_64 in CDK, Architectures in a template",
    bad='lambda_.DockerImageFunction(self, "Api", code=lambda_.DockerImageCode.from_image_asset("functions/api"))',
    good=(
        'lambda_.DockerImageFunction(\n    self,\n    "Api",\n    code=lambda_.DockerImageCode.from_image_asset("functions/api"),\n'
        "    architecture=lambda_.Architecture.ARM_64,\n)"
    ),
    example="python",
    function=_check,
)
