"""The image that the final image is based on, and how it is started."""

from __future__ import annotations

from optimizer.bases.lock import LockedImage
from optimizer.bases.recognise import LambdaBase, lambda_base
from optimizer.dockerfile.instruction import Instruction, Span
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Inconclusive
from optimizer.linting.subjects import DockerfileSubject

ENTRYPOINT = ("/lambda-entrypoint.sh",)
"""What starts AWS-provided base images."""


def base_span(subject: DockerfileSubject) -> Span | None:
    """The place at which the base image of the final image is named; None in a file without stages."""
    if not subject.final_stages:
        return None
    start = subject.final_stages[0].stage.start
    return start.at(start.words[0])


def lambda_base_of(subject: DockerfileSubject, conventions: Conventions) -> LambdaBase | Inconclusive | None:
    """The AWS-provided base image under the final image; None for another image."""
    if not subject.final_stages:
        return None
    lowest = subject.final_stages[0]
    if lowest.image is None:
        return Inconclusive(reason=f'"{lowest.stage.origin}" depends on a value that only the build decides', span=base_span(subject))
    return lambda_base(lowest.image, conventions.mirror)


def last(subject: DockerfileSubject, keyword: str) -> Instruction | None:
    """The last instruction of its kind in the final image, which is the one that holds; None when there is none."""
    for item in reversed(subject.final_stages):
        for instruction in reversed(item.stage.instructions):
            if instruction.keyword == keyword:
                return instruction
    return None


def has_entrypoint_of_aws(subject: DockerfileSubject, conventions: Conventions) -> bool:
    """Whether the image is started by the entrypoint of its AWS-provided base image."""
    # The base of a specification is the runtime's own, or one that a company makes from it.
    if not subject.planned and not isinstance(lambda_base_of(subject, conventions), LambdaBase):
        return False
    entrypoint = last(subject, "ENTRYPOINT")
    return entrypoint is None or entrypoint.json == ENTRYPOINT


def pinning_advice(image: str, locked: LockedImage | None) -> str:
    """How to pin an image; ``locked`` is its pin in ``optimizer.lock``, None where that has none."""
    if locked is not None:
        return f"write {image}@{locked.digest}, as optimizer.lock has it"
    return f"optimizer pin --image {image} writes the digest to optimizer.lock; put it behind the tag, as @sha256:..."
