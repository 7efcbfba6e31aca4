"""LIO709: an image that another stack publishes, for which the function's stack does not wait."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    if subject.publisher:
        yield Violation(
            message=f'the image is published with the stack "{subject.publisher}", and the stack of the function does not wait for it'
        )


RULE = Rule(
    id="LIO709",
    name="image-of-another-stack",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A function runs the image asset of another stack, on which its own stack does not depend.",
    why=(
        "CDK publishes an image with the stack that holds its asset. The name and the tag of an asset are plain texts, so that using them in another "
        "stack makes no dependency (aws-cdk-lib 2.275): cdk deploy of that stack alone pushes nothing, and Lambda finds no image; with --all the "
        "order is open. Functions in stages are not judged, because CDK Pipelines publish the images of all stages first."
    ),
    fix="use DockerImageCode.from_image_asset in each stack, where equal assets are one image that is pushed once, or call add_dependency",
    bad=(
        'shared = ecr_assets.DockerImageAsset(images, "Shared", directory="functions/api")\n'
        "code = lambda_.DockerImageCode.from_ecr(shared.repository, tag_or_digest=shared.image_tag)\n"
        'lambda_.DockerImageFunction(shop, "Api", code=code)'
    ),
    good=('code = lambda_.DockerImageCode.from_image_asset("functions/api")\nlambda_.DockerImageFunction(shop, "Api", code=code)'),
    example="python",
    function=_check,
)
