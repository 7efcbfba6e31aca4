"""LIO631: SnapStart on a base image that needs a promise, without one."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.bases.features import support
from optimizer.dockerfile.labels import labels
from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.base_image import ENTRYPOINT, lambda_base_of, last
from optimizer.linting.facts.snapstart import APPLY_ON, asks_for_snapstart, unknown
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject, FunctionSubject
from optimizer.model.snapstart import ALLOW, HOOKS, HOOKS_LABEL, LABEL, LABELS, promise

_CLIENTS = (*ENTRYPOINT, "awslambdaric", "com.amazonaws.services.lambda.runtime.api.client")
"""What in an entrypoint is AWS's own: of its base images, and of the clients that speak the protocol on other ways to start them."""


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    asked = asks_for_snapstart(subject)
    if asked is None:
        yield from unknown(subject)
    elif asked and subject.dockerfile is None:
        reason = (
            f"the image is unknown, so it is unknown whether it needs a promise for SnapStart: {subject.unbuilt or 'it is not built here'}"
        )
        yield Inconclusive(reason=reason, span=subject.place(*APPLY_ON))
    elif asked and subject.dockerfile is not None:
        yield from _judged(subject, subject.dockerfile, conventions)


def _judged(subject: FunctionSubject, file: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    given = labels(file.final_stages)
    if promise(given) or not file.final_stages:
        return
    place = subject.place(*APPLY_ON)
    hidden = next((name for name, _ in LABELS.values() if name in given and given[name] is None), None)
    if hidden is not None:
        yield Inconclusive(reason=f'the value of the label "{hidden}" depends on what only the build decides', span=place)
        return
    base = lambda_base_of(file, conventions)
    if isinstance(base, Inconclusive):
        yield Inconclusive(reason=base.reason, span=place)
    elif base is None or (base.base is None and base.retired is None):
        yield Inconclusive(
            reason=f'it is unknown whether "{file.final_stages[0].image}" carries the label "{LABEL}", or has a client that speaks the restore protocol',
            span=place,
        )
    elif base.base is not None and support(base.base, "snapstart").answer == "works":
        started = _started_otherwise(subject, file)
        if started:
            reason = f'"{started}" starts the image in place of AWS\'s entrypoint, and it is unknown whether it speaks the restore protocol'
            yield Inconclusive(reason=reason, span=place)
    else:
        yield Violation(
            message=(
                f'SnapStart on the base "{base.reference.tagged}" needs the label {LABEL}="{ALLOW}" or code that speaks the restore protocol; '
                "with neither, publishing a version fails"
            ),
            span=place,
        )


def _started_otherwise(subject: FunctionSubject, file: DockerfileSubject) -> str:
    """What starts the image, where that is neither the entrypoint of AWS's base image nor AWS's client; empty for these."""
    entrypoint = last(file, "ENTRYPOINT")
    of_image = "" if entrypoint is None else " ".join(entrypoint.json) if entrypoint.json is not None else entrypoint.arguments
    started = " ".join(subject.declared.entrypoint or ()) or of_image
    return "" if any(client in started for client in _CLIENTS) else started


RULE = Rule(
    id="LIO631",
    name="snapstart-without-promise",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A function has SnapStart, and its image does not promise what its base image needs for it.",
    why=(
        "The runtime clients in AWS's base images of Java 11, Python 3.12, .NET 8 and later take part in SnapStart. Every other image either speaks the "
        f'restore protocol of the Runtime API, or says by the label {LABEL}="{ALLOW}" that it needs no hooks and that nothing of its initialization has '
        "to be unique. With neither, the function is created, and publishing a version of it fails. The protocol cannot be seen in a Dockerfile: the label "
        f'{HOOKS_LABEL}="{HOOKS}" says that the code speaks it. docs/snapstart.md says what each of the two promises.'
    ),
    fix=f'read docs/snapstart.md; then add LABEL {LABEL}="{ALLOW}", or LABEL {HOOKS_LABEL}="{HOOKS}" where the code speaks the restore protocol',
    fix_in_spec='read docs/snapstart.md; then set snapstart="no-hooks" or snapstart="hooks"',
    bad=(
        "Api:\n  Type: AWS::Serverless::Function\n  Properties:\n    PackageType: Image\n    SnapStart: {ApplyOn: PublishedVersions}\n"
        "    AutoPublishAlias: live\n  Metadata: {Dockerfile: Dockerfile, DockerContext: .}\n\n"
        '# Dockerfile\n# FROM public.ecr.aws/lambda/nodejs:24\n# CMD ["index.handler"]'
    ),
    good=(
        "Api:\n  Type: AWS::Serverless::Function\n  Properties:\n    PackageType: Image\n    SnapStart: {ApplyOn: PublishedVersions}\n"
        "    AutoPublishAlias: live\n  Metadata: {Dockerfile: Dockerfile, DockerContext: .}\n\n"
        f'# Dockerfile\n# FROM public.ecr.aws/lambda/nodejs:24\n# LABEL {LABEL}="{ALLOW}"\n# CMD ["index.handler"]'
    ),
    example="yaml",
    function=_check,
)
