"""LIO503: the Dockerfile is not in the build context."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    if not subject.inside_context:
        yield Violation(message="the Dockerfile is outside the build context")


RULE = Rule(
    id="LIO503",
    name="dockerfile-outside-context",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The Dockerfile is not in the build context.",
    why=(
        "CDK computes the asset's hash over the context: a change of only the Dockerfile is not noticed, and never deployed. sam build sends "
        "only the context, and does not find the file."
    ),
    fix="move the Dockerfile into the context, and leave it out of the image by copying only what the function needs",
    bad='DockerImageCode.from_image_asset("functions/api", file="../../docker/Dockerfile")',
    good='DockerImageCode.from_image_asset("functions/api", file="Dockerfile")',
    example="python",
    dockerfile=_check,
)
