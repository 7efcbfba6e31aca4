"""LIO652: the image is for another architecture than the function."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.bases.recognise import lambda_base
from optimizer.lint.conventions import Conventions
from optimizer.lint.finding import Severity, Undecided, Verdict, Violation
from optimizer.lint.rule import Rule
from optimizer.lint.subjects import FunctionSubject

_WORDS = {"linux/amd64": "x86_64", "linux/arm64": "arm64", "linux/arm64/v8": "arm64"}


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    file = subject.dockerfile
    if file is None or not file.final_stages:
        return
    lowest = file.final_stages[0]
    base = lambda_base(lowest.image, conventions.mirror) if lowest.image else None
    image, reason = None, ""
    if base and base.architecture:
        image, reason = base.architecture, f'its base image "{lowest.image}" is for {base.architecture}'
    elif lowest.platform:
        image, reason = _WORDS.get(lowest.platform, lowest.platform), f"its image is built for {lowest.platform}"
    elif file.platform:
        image, reason = _WORDS.get(file.platform, file.platform), f"its image is built for {file.platform}"
    if image is None or image == subject.architecture:
        return
    if subject.architecture is None:
        yield Undecided(reason="the architecture of the function is known at deployment alone")
        return
    given = "is" if subject.architecture_given else "is, by default,"
    yield Violation(
        message=f"the function {given} {subject.architecture}, and {reason}",
        path=file.path,
        span=lowest.stage.start.at(lowest.stage.start.words[0]),
    )


RULE = Rule(
    id="LIO652",
    name="image-of-other-architecture",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The image is built for another architecture than its function has.",
    why="Lambda starts the function on its own architecture, and every invocation ends with exec format error.",
    fix="give function and image one architecture, and leave the platform out of the Dockerfile",
    bad=(
        "Resources:\n  Api:\n    Type: AWS::Serverless::Function\n    Properties:\n      PackageType: Image\n      Architectures: [x86_64]\n"
        "    Metadata:\n      DockerContext: api\n      Dockerfile: Dockerfile # FROM public.ecr.aws/lambda/python:3.13-arm64"
    ),
    good=(
        "Resources:\n  Api:\n    Type: AWS::Serverless::Function\n    Properties:\n      PackageType: Image\n      Architectures: [arm64]\n"
        "    Metadata:\n      DockerContext: api\n      Dockerfile: Dockerfile # FROM public.ecr.aws/lambda/python:3.13"
    ),
    example="yaml",
    function=_check,
)
