"""LIO107: the image is built for another architecture than the function has."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.bases.recognise import LambdaBase, lambda_base
from optimizer.dockerfile.instruction import Span
from optimizer.dockerfile.scope import ResolvedStage
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject, FunctionSubject
from optimizer.model.architectures import PLATFORMS, architecture_of_platform


def _check_dockerfile(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    yield from _judged(subject, conventions, subject.architecture)


def _check_function(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    file = subject.dockerfile
    # A Dockerfile that knows what it is built for is judged by itself.
    if file is None or file.problems or file.architecture is not None or subject.declared.architecture is None:
        return
    for verdict in _judged(file, conventions, subject.declared.architecture):
        if isinstance(verdict, Violation):
            yield Violation(message=verdict.message, span=verdict.span, path=file.path)


def _judged(subject: DockerfileSubject, conventions: Conventions, wanted: str | None) -> Iterator[Verdict]:
    if not subject.final_stages:
        return
    lowest = subject.final_stages[0]
    start = lowest.stage.start
    flag = start.flag("platform")
    if flag is not None and not flag.value:
        # To a builder that is no flag.
        flag = None
    # Of a system alone, the architecture is that of the machine that builds.
    if flag is not None and (lowest.platform is None or lowest.platform.lower() == "linux"):
        yield Inconclusive(reason=f'"{flag.value}" is decided by the build', span=start.at(flag))
        return
    word, image = start.at(start.words[0]), lowest.image and lambda_base(lowest.image, conventions.mirror)
    known = architecture_of_platform(lowest.platform or "") if flag else None
    platform = known.name if known else None
    if flag is not None and platform is None:
        yield Violation(message=f'Lambda runs nothing on "{lowest.platform}"; allowed: {", ".join(PLATFORMS)}', span=start.at(flag))
    elif isinstance(image, LambdaBase):
        yield from _of_base(image, lowest, wanted, platform, word)
    if wanted is not None and platform is not None and platform != wanted and flag is not None:
        yield Violation(message=f'the function runs on {wanted}, and the image is for "{lowest.platform}"', span=start.at(flag))


def _of_base(image: LambdaBase, stage: ResolvedStage, wanted: str | None, platform: str | None, span: Span) -> Iterator[Verdict]:
    expected = platform or wanted
    if expected is None:
        return
    if image.architecture is not None and image.architecture != expected:
        yield Violation(message=f'the image is built for {expected}, and "{stage.image}" is for {image.architecture} only', span=span)
    elif image.base is not None and expected not in image.base.architectures:
        has = ", ".join(image.base.architectures)
        yield Violation(message=f'the image is built for {expected}, and the runtime "{image.base.runtime}" has {has} only', span=span)


RULE = Rule(
    id="LIO107",
    name="wrong-architecture",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="The image is built for another architecture than the function has.",
    why=(
        "Lambda runs an image on the function's architecture only, x86_64 unless another is set. An image for another one "
        "builds and deploys, but no invocation starts."
    ),
    fix="remove --platform and the suffix of the tag, and build for the function's platform",
    bad="FROM --platform=linux/amd64 public.ecr.aws/lambda/python:3.13-arm64",
    good="FROM public.ecr.aws/lambda/python:3.13",
    dockerfile=_check_dockerfile,
    function=_check_function,
)
