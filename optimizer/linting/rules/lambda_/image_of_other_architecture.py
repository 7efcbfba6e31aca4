"""LIO683: the build names another platform than the function's."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject
from optimizer.model.architectures import architecture_of_platform


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    platform = subject.dockerfile.platform if subject.dockerfile else None
    # What the Dockerfile itself says is the matter of LIO107.
    known = architecture_of_platform(platform) if platform else None
    if platform is None or (known is not None and known.name == subject.declared.architecture):
        return
    if subject.declared.architecture is None:
        yield Inconclusive(reason="the architecture of the function is known at deployment only")
        return
    given = "is" if subject.declared.architecture_given else "is, by default,"
    yield Violation(message=f"the function {given} {subject.declared.architecture}, and its image is built for {platform}")


RULE = Rule(
    id="LIO683",
    name="image-of-other-architecture",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The image is built for another platform than that of its function.",
    why=(
        "Lambda starts the image on the function's architecture, and every invocation ends with exec format error. In CDK the platform of an "
        "asset does not set the architecture of its function, which stays x86_64."
    ),
    fix="give the function the architecture, which sets the platform of its image too, and leave the platform out",
    fix_in_spec="set architecture in the specification, which decides an OptimizedFunction too, and do not change Architectures of the function",
    bad=(
        "lambda_.DockerImageFunction(\n    self,\n"
        '    "Api",\n    code=lambda_.DockerImageCode.from_image_asset("functions/api", platform=ecr_assets.Platform.LINUX_ARM64),\n)'
    ),
    good=(
        'lambda_.DockerImageFunction(\n    self,\n    "Api",\n    code=lambda_.DockerImageCode.from_image_asset("functions/api"),\n'
        "    architecture=lambda_.Architecture.ARM_64,\n)"
    ),
    example="python",
    function=_check,
)
