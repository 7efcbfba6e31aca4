"""Pins, as registries tell them now."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from optimizer.bases.lock import Lock, LockedImage
from optimizer.bases.mirror import Mirror
from optimizer.errors import Fault, ImageError, RegistryError
from optimizer.model.reference import ImageReference

if TYPE_CHECKING:
    from optimizer.adapters.images.contents import ImageContent
    from optimizer.adapters.registry.client import HttpRegistry, Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A pin and the image that its tag leads to now, which is another one.

    ``before`` and ``after`` are what both consist of, by architecture, as far
    as the registry tells.  ``held`` says why the pin stays; empty where it does not.
    """

    old: LockedImage
    new: LockedImage
    before: Mapping[str, ImageContent] = field(default_factory=dict)
    after: Mapping[str, ImageContent] = field(default_factory=dict)
    held: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What was asked of registries: a pin for each reference, in order, the pins that lacked a program, and the updates among them."""

    images: Sequence[LockedImage] = ()
    completed: Sequence[LockedImage] = ()
    updates: Sequence[Update] = ()


def resolve_pins(
    references: Sequence[ImageReference],
    lacking: Sequence[LockedImage],
    mirror: Mirror,
    *,
    before: Lock = Lock(),  # noqa: B008 - an immutable value
    min_age: int | None = None,
) -> Resolved:
    """Pins for the references, and those of ``lacking`` with their programs.

    A pin of ``before`` stays where the image that its tag leads to now was made
    less than ``min_age`` days ago, or does not tell when.  Raises
    :class:`RegistryError` with the faults of all that failed.
    """
    # Imported here: neither --check nor --help needs an HTTP client.
    from optimizer.adapters.base_programs import with_programs
    from optimizer.adapters.progress import told
    from optimizer.adapters.registry.client import HttpRegistry
    from optimizer.adapters.registry.credentials import DefaultCredentials
    from optimizer.cli.progress import shown_progress
    from optimizer.model.progress import Task

    found: list[LockedImage] = []
    updates: list[Update] = []
    faults: list[Fault] = []
    with HttpRegistry(DefaultCredentials()) as registry, shown_progress() as report:
        for reference in references:
            source = mirror.apply(reference)
            task = Task(action="resolving", subject=str(reference), place=source.registry if source != reference else "")
            try:
                with told(task, report):
                    image = _resolve_one(registry, reference, source)
            except RegistryError as error:
                faults.extend(error.faults)
                continue
            old = before.pinned(reference)
            if old is not None and old.digest != image.digest:
                update = _update(registry, source, old, image, min_age)
                updates.append(update)
                image = old if update.held else image
            found.append(image)
        if faults:
            # A login that fails fails alike for every image of its registry.
            raise RegistryError(list(dict.fromkeys(faults)))
        known = with_programs([*found, *lacking], registry, mirror, report)
    images = {image.digest: image for image in known}
    updates = [replace(update, new=images.get(update.new.digest, update.new)) for update in updates]
    return Resolved(images=known[: len(found)], completed=known[len(found) :], updates=updates)


def _update(registry: HttpRegistry, source: ImageReference, old: LockedImage, new: LockedImage, min_age: int | None) -> Update:
    before, after = _contents(registry, source, old), _contents(registry, source, new)
    held = ""
    if min_age is not None:
        days = [content.made for content in after.values() if content.made is not None]
        if not days:
            held = "it does not tell when it was made"
        elif (today_in_utc() - max(days)).days < min_age:
            held = f"it was made on {max(days)}; allowed: {min_age} days ago or more"
    return Update(old=old, new=new, before=before, after=after, held=held)


def _contents(registry: HttpRegistry, source: ImageReference, image: LockedImage) -> dict[str, ImageContent]:
    """What an image consists of, by architecture; what the registry does not tell is left out."""
    from optimizer.adapters.images.contents import read_content

    found = {}
    for architecture, digest in image.platforms.items():
        # An older image may well be gone, and that is no reason to keep its pin.
        with suppress(RegistryError, ImageError):
            content = read_content(registry, source.with_digest(digest))
            if content is not None:
                found[architecture] = content
    return found


def _resolve_one(registry: Registry, reference: ImageReference, source: ImageReference) -> LockedImage:
    image = registry.resolve(source)
    return LockedImage(
        reference=reference.with_digest(None),
        digest=image.digest,
        resolved=today_in_utc(),
        kind=image.kind,
        platforms=image.platforms,
    )


def today_in_utc() -> datetime.date:
    """The day of a pin: in UTC, so that two machines never differ about its age."""
    return datetime.datetime.now(datetime.timezone.utc).date()
