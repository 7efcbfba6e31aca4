"""LIO502: an ignore file that BuildKit reads and CDK does not."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject
from optimizer.model.template import SamBuilder


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    if subject.own_ignore is None or subject.sam is SamBuilder.BUILDKIT:
        return
    reader = "SAM's default builder" if subject.sam is SamBuilder.CLASSIC else "CDK"
    yield Violation(message=f'"{subject.own_ignore.path}" is read by BuildKit and not by {reader}', path=subject.own_ignore.path)


RULE = Rule(
    id="LIO502",
    name="ignore-file-not-read-by-cdk",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The ignore file is named after its Dockerfile, which CDK and SAM do not read.",
    why=(
        "CDK computes the asset's hash over everything that .dockerignore leaves: files that the build never sees still deploy the function "
        "again, and are staged and sent. sam build without use_buildkit copies them into the image, with the ignore file itself."
    ),
    fix="move the patterns to .dockerignore at the root of the context",
    bad="Dockerfile\nDockerfile.dockerignore",
    good="Dockerfile\n.dockerignore",
    example="text",
    dockerfile=_check,
)
