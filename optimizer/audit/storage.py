"""What repositories store, what of it they share, and what they would store as one.

Terms
    stored       the blobs of a repository, each once: what ECR keeps for it
    whole        the images of a repository, each with all its blobs: what it
                 would keep without any sharing
    unique       stored blobs that one image of the repository has
    shared       stored blobs that several images of the repository have
    elsewhere    stored blobs that another repository of the registry stores too
    one          the blobs of a registry, each once: what one repository would keep

All are compressed bytes of layers and configurations; manifests, a few
kilobytes each, are not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.audit.inventory import Blobs, Inventory, PlaceInventory, Repository
from optimizer.audit.usage import Usage
from optimizer.model.ecr import EcrRegistry

OVERLAPPING = 24
"""How many repositories are compared in pairs; a fleet with one for each function has too many pairs to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryStorage:
    """A repository's images and bytes; ``unread`` images have no manifest here, and only their whole size is known.

    ``images`` counts what has layers of its own: no index, which only names
    others, and no referrer.  ``unused_bytes`` are the blobs that only images
    without a user have; ``archived_bytes`` are the sizes of images in the archive,
    whose manifests cannot be read, so that no other figure holds them.
    """

    images: int
    unread: int
    stored: int
    whole: int
    unique: int
    shared: int
    elsewhere: int
    unused: int
    unused_bytes: int
    archived: int
    archived_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryStorage:
    """The repositories of a registry together: bytes ``stored`` in all of them, and in ``one``."""

    stored: int
    one: int
    used_one: int

    @property
    def duplicated(self) -> int:
        """What is stored more than once."""
        return self.stored - self.one


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """The bytes of the blobs that two repositories of a registry both store."""

    first: str
    second: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceStorage:
    """The storage of a registry; ``repositories`` by name.

    ``overlaps`` are those among the repositories that store most, at most
    ``OVERLAPPING`` of them: largest first, without those of no byte.
    """

    place: EcrRegistry
    repositories: dict[str, RepositoryStorage]
    together: RegistryStorage
    overlaps: tuple[Overlap, ...]


def storage(inventory: Inventory, usage: Usage) -> tuple[PlaceStorage, ...]:
    """The storage of each place, in order."""
    return tuple(_of_place(place, inventory.blobs, usage) for place in inventory.places)


def largest(repositories: Mapping[str, RepositoryStorage]) -> list[str]:
    """The names of the repositories that store most, sorted."""
    return sorted(sorted(repositories, key=lambda name: (-repositories[name].stored, name))[:OVERLAPPING])


def _of_place(place: PlaceInventory, blobs: Blobs, usage: Usage) -> PlaceStorage:
    held = {repository.name: _blobs(repository) for repository in place.repositories}
    holders: Counter[int] = Counter(blob for counts in held.values() for blob in counts)
    used: set[int] = set()
    of: dict[str, RepositoryStorage] = {}
    for repository in place.repositories:
        used_here = {
            blob for image in repository.images if image.content and usage.is_used(repository, image) for blob in image.content.blobs
        }
        used |= used_here
        of[repository.name] = _of_repository(repository, held[repository.name], holders, used_here, blobs, usage)
    together = RegistryStorage(stored=sum(item.stored for item in of.values()), one=blobs.sizes(holders), used_one=blobs.sizes(used))
    return PlaceStorage(
        place=place.place,
        repositories=of,
        together=together,
        overlaps=_overlaps({name: held[name] for name in largest(of)}, holders, blobs),
    )


def _of_repository(
    repository: Repository, counts: Counter[int], holders: Counter[int], used: set[int], blobs: Blobs, usage: Usage
) -> RepositoryStorage:
    images = [image for image in repository.images if not image.subject and not (image.content and image.content.index)]
    unused = [image for image in images if not usage.is_used(repository, image)]
    unread = [image for image in images if image.content is None]
    return RepositoryStorage(
        images=len(images),
        unread=len(unread),
        stored=blobs.sizes(counts),
        whole=sum(blobs.size(blob) * count for blob, count in counts.items()) + sum(image.size for image in unread),
        unique=blobs.sizes(blob for blob, count in counts.items() if count == 1),
        shared=blobs.sizes(blob for blob, count in counts.items() if count > 1),
        elsewhere=blobs.sizes(blob for blob in counts if holders[blob] > 1),
        unused=len(unused),
        unused_bytes=blobs.sizes(blob for blob in counts if blob not in used),
        archived=sum(image.archived for image in images),
        archived_bytes=sum(image.size for image in images if image.archived),
    )


def _blobs(repository: Repository) -> Counter[int]:
    """How many images of the repository have each blob."""
    return Counter(blob for image in repository.images if image.content for blob in image.content.blobs)


def _overlaps(held: dict[str, Counter[int]], holders: Counter[int], blobs: Blobs) -> tuple[Overlap, ...]:
    by_blob: dict[int, list[str]] = {}
    for name, counts in held.items():
        for blob in counts:
            if holders[blob] > 1:
                by_blob.setdefault(blob, []).append(name)
    # Blobs in the same repositories, as the layers of one base are, are counted together.
    by_names: Counter[tuple[str, ...]] = Counter()
    for blob, names in by_blob.items():
        by_names[tuple(names)] += blobs.size(blob)
    sizes: Counter[tuple[str, str]] = Counter()
    for group, size in by_names.items():
        for index, first in enumerate(group):
            for second in group[index + 1 :]:
                sizes[first, second] += size
    found = (Overlap(first=first, second=second, size=size) for (first, second), size in sizes.items() if size)
    return tuple(sorted(found, key=lambda item: (-item.size, item.first, item.second)))
