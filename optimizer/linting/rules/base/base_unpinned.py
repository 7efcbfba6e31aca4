"""LIO102: the base image of the final image is named without a digest."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.bases.recognise import image_reference
from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.base_image import pinning_advice
from optimizer.linting.finding import Edit, Fix, Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    if not subject.final_stages:
        return
    lowest = subject.final_stages[0]
    word = lowest.stage.start.words[0]
    span = lowest.stage.start.at(word)
    if lowest.image is None:
        yield Inconclusive(reason=f'"{lowest.stage.origin}" depends on a value that only the build decides', span=span)
        return
    reference = image_reference(lowest.image)
    if lowest.image == "scratch" or (reference is not None and reference.digest is not None):
        return
    locked = conventions.lock.pinned(reference) if reference else None
    fix = None
    if locked and word.text == lowest.image:
        pinned = f"{word.text}@{locked.digest}"
        fix = Fix(title=f"pin {word.text} as optimizer.lock does", edits=(Edit(path=subject.path, span=span, text=pinned),))
    message = f'the base image "{lowest.image}" has no digest'
    yield Violation(message=message, span=span, hint=pinning_advice(lowest.image, locked), fix=fix)


RULE = Rule(
    id="LIO102",
    name="base-unpinned",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The base image has no digest.",
    why=(
        "A tag moves: the same Dockerfile builds another image tomorrow, functions drift apart and stop sharing layers. CDK's asset hash does "
        "not look at the base either, so a new base behind an old tag is never deployed."
    ),
    fix="add the digest that optimizer pin --image IMAGE finds: image:tag@sha256:...",
    bad="FROM public.ecr.aws/lambda/python:3.13",
    good="FROM public.ecr.aws/lambda/python:3.13@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    dockerfile=_check,
)
