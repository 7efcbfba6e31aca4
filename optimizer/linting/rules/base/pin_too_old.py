"""LIO106: a pin was resolved too long ago."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.bases.recognise import image_reference
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject
from optimizer.model.reference import ImageReference


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.needed_stages:
        if item.parent is None and item.image is not None and (reference := image_reference(item.image)):
            message = _too_old(reference, conventions)
            if message:
                yield Violation(message=message, span=item.stage.start.at(item.stage.start.words[0]))


def _too_old(reference: ImageReference, conventions: Conventions) -> str:
    """What is wrong with the pin; empty for a young one, and for one that the lock does not have."""
    if conventions.oldest_pin_days is None or reference.digest is None or reference.tag is None:
        return ""
    locked = conventions.lock.pinned(reference)
    if locked is None or reference.digest not in (locked.digest, *locked.platforms.values()):
        return ""
    age = (conventions.today - locked.resolved).days
    if age <= conventions.oldest_pin_days:
        return ""
    return f'"{reference.tagged}" was pinned {age} days ago, on {locked.resolved}; allowed: {conventions.oldest_pin_days} days'


RULE = Rule(
    id="LIO106",
    name="pin-too-old",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A pin in optimizer.lock was resolved longer ago than the company allows.",
    why=(
        "A pin keeps an image as it was, with the vulnerabilities that were found since. AWS publishes patched base images under "
        "the same tags every few "
        "days; most of what scanners find in an old image is fixed by a newer base."
    ),
    fix="run optimizer pin --update, and deploy",
    bad='optimizer.lock:\n\n[[image]]\nreference = "public.ecr.aws/lambda/python:3.13"\nresolved = 2026-01-15',
    good='optimizer.lock:\n\n[[image]]\nreference = "public.ecr.aws/lambda/python:3.13"\nresolved = 2026-11-15',
    example="text",
    dockerfile=_check,
)
