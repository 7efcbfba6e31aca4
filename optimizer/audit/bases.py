"""On which base image an image stands, as far as the account and the lock tell.

A base is told, in this order, by

- the annotations of OCI about the base image, which a builder may write;
- a tag ``base-DIGEST``, which ``optimizer publish`` gives to an image on that
  base;
- layers: the image begins with all layers of a base that was read from its
  registry, or that the account has too, in a mirror or a pull-through cache of
  AWS's repositories;
- layers: the image begins with all layers that the images on one told base
  have in common.  These begin with the base's own, so the image stands on that
  base, whatever else they share.

Of any other image the base is unknown: names of layers say nothing by
themselves, and configurations are not read.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Literal

from optimizer.audit.inventory import Inventory, Repository, StoredImage
from optimizer.bases.catalogue import base_image as catalogued
from optimizer.bases.catalogue import runtimes
from optimizer.bases.lock import Lock
from optimizer.bases.recognise import LambdaBase, image_reference, lambda_base
from optimizer.model.ecr import EcrRegistry
from optimizer.model.reference import ImageReference

_BASE_TAG = re.compile(r"base-(?P<digest>[0-9a-f]{64})")
_DATED = re.compile(r"\.(\d{4})\.(\d{2})\.(\d{2})\.\d{2}(?:-|\Z)")

Sign = Literal["annotation", "tag", "layers"]
ImageKey = tuple[EcrRegistry, str, str]
"""Registry, repository and digest of an image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBase:
    """The base of an image: ``digest`` of its manifest, and its upstream name where that is known.

    ``date`` is the day that the name, the mirror or the lock gives it, None
    where none does; ``sign`` tells how the base was recognised.  ``current``
    says whether the registry, the lock or the mirror leads to this digest by
    that name today; None where none tells.
    """

    digest: str
    reference: ImageReference | None = None
    date: datetime.date | None = None
    current: bool | None = None
    sign: Sign = "layers"

    @property
    def provided(self) -> LambdaBase | None:
        """What AWS provides under the name; None for another image, or an unknown one."""
        return lambda_base(str(replace(self.reference, digest=None))) if self.reference else None


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseLayers:
    """A base image as its registry has it: digests of its layers from the lowest, the day that it was made, and whether its name leads to it today."""

    reference: ImageReference
    digest: str
    layers: tuple[str, ...]
    date: datetime.date | None = None
    current: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A base by its digest: what is known of it, and its layers, empty where they are not."""

    reference: ImageReference | None = None
    date: datetime.date | None = None
    current: bool | None = None
    layers: tuple[int, ...] = ()


def find_bases(inventory: Inventory, lock: Lock, fetched: Sequence[BaseLayers] = ()) -> dict[ImageKey, FoundBase]:
    """The bases that are recognised, by image; ``fetched`` are those that were read from their registries."""
    known = _known(inventory, lock, fetched)
    found: dict[ImageKey, FoundBase] = {}
    prefixes: dict[str, tuple[int, ...]] = {}
    rest: list[tuple[ImageKey, tuple[int, ...]]] = []
    for repository, image in _images(inventory):
        key = (repository.place, repository.name, image.digest)
        layers = image.content.layers if image.content else ()
        base = _told(image, known)
        if base is None:
            rest.append((key, layers))
            continue
        found[key] = base
        if layers:
            prefixes[base.digest] = _common(prefixes.get(base.digest, layers), layers)
    prefixes.update({digest: base.layers for digest, base in known.items() if base.layers})
    by_layers = {layers: digest for digest, layers in sorted(prefixes.items()) if layers}
    lengths = sorted({len(layers) for layers in by_layers}, reverse=True)
    for key, layers in rest:
        start = next((layers[:length] for length in lengths if layers[:length] in by_layers), None)
        if start is not None:
            found[key] = _found(by_layers[start], known, "layers")
    return found


def _told(image: StoredImage, known: dict[str, _Known]) -> FoundBase | None:
    """The base that the image itself names."""
    content = image.content
    if content and content.base_digest:
        base = _found(content.base_digest, known, "annotation")
        named = image_reference(content.base_name) if content.base_name else None
        return base if base.reference or named is None else replace(base, reference=replace(named, digest=None), date=_dated(named.tag))
    tags = sorted(match["digest"] for tag in image.tags if (match := _BASE_TAG.fullmatch(tag)))
    # One image with the tags of two bases would tell nothing.
    return _found(f"sha256:{tags[0]}", known, "tag") if len(tags) == 1 else None


def _found(digest: str, known: dict[str, _Known], sign: Sign) -> FoundBase:
    base = known.get(digest, _Known())
    return FoundBase(digest=digest, reference=base.reference, date=base.date, current=base.current, sign=sign)


def _known(inventory: Inventory, lock: Lock, fetched: Sequence[BaseLayers]) -> dict[str, _Known]:
    """The bases by digest: a registry knows more than the lock, and the lock more than a mirror."""
    mirrored = _mirrored(inventory)
    known = {**mirrored, **_locked(lock)}
    for digest, base in mirrored.items():
        known[digest] = replace(known[digest], layers=base.layers)
    for read in fetched:
        numbers = [inventory.blobs.known(layer) for layer in read.layers]
        # A layer that no image of the accounts has begins none of them.
        layers = tuple(number for number in numbers if number is not None) if None not in numbers else ()
        known[read.digest] = _Known(
            reference=read.reference,
            date=read.date or known.get(read.digest, _Known()).date,
            current=read.current,
            layers=layers,
        )
    return known


def _locked(lock: Lock) -> dict[str, _Known]:
    """The pins of the lock, by the digest for each platform."""
    return {
        digest: _Known(reference=pin.reference, date=_dated(pin.reference.tag) or pin.resolved, current=True)
        for pin in lock.images
        for digest in {pin.digest, *pin.platforms.values()}
    }


def _mirrored(inventory: Inventory) -> dict[str, _Known]:
    """AWS's base images that the account has in repositories under AWS's own path."""
    result: dict[str, _Known] = {}
    paths = {(reference := catalogued(runtime).reference).repository: reference for runtime in runtimes()}
    for repository in inventory.repositories:
        upstream = next((reference for path, reference in paths.items() if f"/{repository.name}".endswith(f"/{path}")), None)
        if upstream is None:
            continue
        members = {member: image.tags for image in repository.images if image.content for member in image.content.members}
        for image in repository.images:
            if image.content is None or not image.content.layers:
                continue
            # A tag of one name may have moved on: without one the runtime is unknown.
            tags = sorted({*image.tags, *members.get(image.digest, ())}, key=lambda tag: (len(tag), tag))
            named = replace(upstream, tag=tags[0]) if tags else None
            dates = [date for tag in tags if (date := _dated(tag))]
            result[image.digest] = _Known(
                reference=named,
                date=min(dates) if dates else image.pushed.date(),
                current=any(_dated(tag) is None for tag in tags) or (None if tags else False),
                layers=image.content.layers,
            )
    return result


def _images(inventory: Inventory) -> Iterator[tuple[Repository, StoredImage]]:
    return ((repository, image) for repository in inventory.repositories for image in repository.images)


def _common(first: Sequence[int], second: Sequence[int]) -> tuple[int, ...]:
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))
    return tuple(number for number, _ in same)


def _dated(tag: str | None) -> datetime.date | None:
    """The day in a tag such as ``3.13.2026.11.20.12-arm64``."""
    match = _DATED.search(tag or "")
    try:
        return datetime.date(*map(int, match.groups())) if match else None
    except ValueError:
        return None
