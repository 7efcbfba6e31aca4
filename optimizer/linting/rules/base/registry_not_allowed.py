"""LIO151: an image comes from a registry that the company does not allow."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.bases.recognise import image_reference
from optimizer.dockerfile.instruction import Span
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject
from optimizer.model.reference import ImageReference


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    if not conventions.registries:
        return
    for image, span in _images(subject):
        if image is None:
            yield Inconclusive(reason="the image depends on a value that only the build decides", span=span)
        elif image != "scratch":
            reference = image_reference(image)
            if reference is not None and not _allowed(reference, conventions):
                yield Violation(message=_message(reference, conventions), span=span)


def _images(subject: DockerfileSubject) -> Iterator[tuple[str | None, Span]]:
    for item in subject.needed_stages:
        if item.parent is None:
            yield item.origin, item.stage.start.at(item.stage.start.words[0])
        for instruction in item.stage.instructions:
            flag = instruction.flag("from")
            if flag is not None and flag.value and subject.resolved.target(flag.value) is None:
                yield None if "$" in flag.value else flag.value, instruction.at(flag)


def _allowed(reference: ImageReference, conventions: Conventions) -> bool:
    prefixes = (*conventions.registries, *(prefix for _, prefix in conventions.mirror.prefixes))
    return any(reference.name == prefix or reference.name.startswith(f"{prefix}/") for prefix in prefixes)


def _message(reference: ImageReference, conventions: Conventions) -> str:
    return f'the image "{reference.name}" is under none of the allowed registries: {", ".join(conventions.registries)}'


RULE = Rule(
    id="LIO151",
    name="registry-not-allowed",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="An image comes from a registry that the company does not allow.",
    why=(
        "What a registry serves becomes part of the function. A company that names its registries knows who can change its "
        "images, and which "
        "downloads can be limited or fail. Nothing is found while registries are not configured."
    ),
    fix="use an image from an allowed registry, or have the registry added to registries",
    fix_in_spec="name an allowed image in the specification, or a mirror in optimizer.toml, or have the registry added to registries",
    bad='[conventions]\nregistries = ["public.ecr.aws/lambda"]\n\nFROM python:3.13-slim',
    good='[conventions]\nregistries = ["public.ecr.aws/lambda"]\n\nFROM public.ecr.aws/lambda/python:3.13',
    example="text",
    dockerfile=_check,
)
