"""LIO103: an image that only helps to build is named without a digest."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.bases.recognise import image_reference
from optimizer.dockerfile.instruction import Span
from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.base_image import pinning_advice
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    base = subject.final_stages[0].stage.index if subject.final_stages else None
    for image, span in _images(subject, base):
        if image is None:
            yield Inconclusive(reason="the image depends on a value that only the build decides", span=span)
        elif image != "scratch":
            reference = image_reference(image)
            if reference is None or reference.digest is None:
                locked = conventions.lock.pinned(reference) if reference else None
                message = f'the image "{image}", which is used in the build, has no digest'
                yield Violation(message=message, span=span, hint=pinning_advice(image, locked))


def _images(subject: DockerfileSubject, base: int | None) -> Iterator[tuple[str | None, Span]]:
    for item in subject.needed_stages:
        stage = item.stage
        if item.parent is None and stage.index != base:
            yield item.origin, stage.start.at(stage.start.words[0])
        for instruction in stage.instructions:
            for flag in instruction.flags:
                name = flag.value if flag.name == "from" else flag.fields().get("from") if flag.name == "mount" else None
                if name and name.lower() not in subject.resolved.names:
                    yield None if "$" in name else name, instruction.at(flag)


RULE = Rule(
    id="LIO103",
    name="builder-unpinned",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="An image that a build stage uses has no digest.",
    why=(
        "Compilers and installers come from it. When its tag moves, the same sources give another program, and layers that were shared are "
        "built, pushed and stored again."
    ),
    fix="add the digest that optimizer pin --image IMAGE finds: image:tag@sha256:...",
    bad="FROM golang:1.25 AS build\nRUN go build -o /bootstrap .\n\nFROM public.ecr.aws/lambda/provided:al2023\nCOPY --from=build /bootstrap /var/runtime/",
    good=(
        "FROM golang:1.25@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef AS build\nRUN go build -o /bootstrap .\n\n"
        "FROM public.ecr.aws/lambda/provided:al2023\nCOPY --from=build /bootstrap /var/runtime/"
    ),
    dockerfile=_check,
)
