"""What there is to say of an inventory: functions, images, storage and money, each figure once."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from optimizer.audit.bases import BaseLayers, FoundBase, find_bases
from optimizer.audit.inventory import Blobs, FunctionVersion, Inventory, Repository, StoredImage
from optimizer.audit.lifecycle import Taken, taken
from optimizer.audit.prices import Prices
from optimizer.audit.storage import PlaceStorage, storage
from optimizer.audit.usage import Key, Usage, key_of
from optimizer.bases.lock import Lock
from optimizer.model.ecr import EcrRegistry

ImageState = Literal["there", "gone", "index", "archived", "unknown"]
"""Of the image of a version: ``unknown`` where its repository was not read, or Lambda does not tell its digest."""

AGES = (30, 90, 365)
"""Days that part images by age."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedVersion:
    """A version with its image; ``size`` is None where the image was not read, ``snapshot_cost`` what a month of its snapshot costs."""

    version: FunctionVersion
    key: Key | None
    state: ImageState
    size: int | None = None
    pushed: datetime.datetime | None = None
    base: FoundBase | None = None
    snapshot_cost: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedFunction:
    """A function with all its versions, ``$LATEST`` first; never empty."""

    place: EcrRegistry
    name: str
    versions: tuple[AuditedVersion, ...]

    @property
    def latest(self) -> AuditedVersion:
        """The version that stands for the function in tables."""
        return self.versions[0]

    @property
    def published(self) -> int:
        """How many versions are kept beside ``$LATEST``."""
        return sum(not item.version.latest for item in self.versions)

    @property
    def snapshots(self) -> int:
        """How many versions keep a snapshot."""
        return sum(item.version.snapstart for item in self.versions)

    @property
    def snapshot_cost(self) -> float:
        """What the snapshots cost a month."""
        return sum(item.snapshot_cost for item in self.versions)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusedImage:
    """An image that no version runs; ``doubt`` says why one may that was not seen, empty where no function can."""

    repository: Repository
    image: StoredImage
    doubt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenImage:
    """An image that a life-cycle rule takes though versions run it."""

    repository: Repository
    image: StoredImage
    taken: Taken
    users: tuple[FunctionVersion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vulnerable:
    """A digest of the given list, what it is, and the versions that carry it, none where nothing in use has it."""

    digest: str
    kind: Literal["image", "layer", "not found"]
    versions: tuple[FunctionVersion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeGroup:
    """The images pushed within a span of days; ``until`` is None for the oldest."""

    since: int
    until: int | None
    used: int
    unused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """An inventory, and all that was found out about it, in the order of places and names."""

    inventory: Inventory
    functions: tuple[AuditedFunction, ...]
    storage: tuple[PlaceStorage, ...]
    unused: tuple[UnusedImage, ...]
    endangered: tuple[TakenImage, ...]
    vulnerable: tuple[Vulnerable, ...]
    ages: tuple[AgeGroup, ...]
    prices: Prices
    now: datetime.datetime

    @property
    def partial(self) -> bool:
        """Whether something could not be read."""
        return bool(self.inventory.gaps)

    @property
    def stored(self) -> int:
        """Bytes in all repositories."""
        return sum(item.together.stored for item in self.storage)

    @property
    def one(self) -> int:
        """Bytes with one repository for each account and Region."""
        return sum(item.together.one for item in self.storage)

    @property
    def broken(self) -> Iterator[AuditedVersion]:
        """The versions whose image is gone, in the archive, or an index."""
        return (item for function in self.functions for item in function.versions if item.state in ("gone", "index", "archived"))


def audit(
    inventory: Inventory,
    *,
    now: datetime.datetime,
    lock: Lock = Lock(),  # noqa: B008 - an immutable value
    fetched: Sequence[BaseLayers] = (),
    vulnerable: Sequence[str] = (),
    prices: Prices | None = None,
) -> Audit:
    """The figures of an inventory at a time.

    ``fetched`` are base images that were read from their registries;
    ``vulnerable`` are digests of images or layers, in the order of the answer.
    """
    prices = prices or Prices.load()
    usage = Usage(inventory)
    bases = find_bases(inventory, lock, fetched)
    images = {
        (repository.place, repository.name, image.digest): image for repository in inventory.repositories for image in repository.images
    }
    read = _read(inventory)
    versions = [_version(version, images, read, bases, prices, inventory.blobs) for version in inventory.versions]
    unused: list[UnusedImage] = []
    endangered: list[TakenImage] = []
    for repository in inventory.repositories:
        doubt = usage.doubt(repository)
        by_policy = taken(repository.lifecycle or (), repository.images) or {}
        for image in repository.images:
            users = usage.users(repository, image)
            if users and image.digest in by_policy:
                endangered.append(TakenImage(repository=repository, image=image, taken=by_policy[image.digest], users=tuple(users)))
            if not usage.is_used(repository, image):
                unused.append(UnusedImage(repository=repository, image=image, doubt=doubt))
    return Audit(
        inventory=inventory,
        functions=tuple(_grouped(versions)),
        storage=storage(inventory, usage),
        unused=tuple(unused),
        endangered=tuple(sorted(endangered, key=lambda item: (item.taken.due is not None, item.taken.due or now))),
        vulnerable=tuple(_vulnerable(digest, inventory, usage, images) for digest in vulnerable),
        ages=_ages(inventory, usage, now),
        prices=prices,
        now=now,
    )


def _read(inventory: Inventory) -> dict[tuple[EcrRegistry, str], bool]:
    """Whether all images of a repository are known; also of those that are not there."""
    found = {(repository.place, repository.name): repository.complete for repository in inventory.repositories}
    return found | {(place.place, name): True for place in inventory.places for name in place.absent}


def _version(
    version: FunctionVersion,
    images: dict[Key, StoredImage],
    read: dict[tuple[EcrRegistry, str], bool],
    bases: dict[Key, FoundBase],
    prices: Prices,
    blobs: Blobs,
) -> AuditedVersion:
    key = key_of(version)
    cost = prices.snapshot(version.memory) if version.snapstart else 0.0
    image = images.get(key) if key else None
    if image is None:
        gone = key is not None and read.get((key[0], key[1]), False)
        return AuditedVersion(version=version, key=key, state="gone" if gone else "unknown", snapshot_cost=cost)
    index = image.content is not None and image.content.index
    return AuditedVersion(
        version=version,
        key=key,
        state="index" if index else "archived" if image.archived else "there",
        size=image.bytes(blobs),
        pushed=image.pushed,
        base=bases.get(key) if key else None,
        snapshot_cost=cost,
    )


def _grouped(versions: Sequence[AuditedVersion]) -> Iterator[AuditedFunction]:
    functions: dict[tuple[EcrRegistry, str], list[AuditedVersion]] = {}
    for item in versions:
        functions.setdefault((item.version.place, item.version.function), []).append(item)
    for (place, name), members in functions.items():
        ordered = sorted(members, key=lambda item: (not item.version.latest, -_number(item.version.version)))
        yield AuditedFunction(place=place, name=name, versions=tuple(ordered))


def _number(version: str) -> int:
    return int(version) if version.isdigit() else 0


def _vulnerable(digest: str, inventory: Inventory, usage: Usage, images: dict[Key, StoredImage]) -> Vulnerable:
    """The carriers of a digest; an image's name counts before a layer's."""
    if any(key[2] == digest for key in (*images, *usage.keys)):
        return Vulnerable(digest=digest, kind="image", versions=_users(usage, lambda key: key[2] == digest))
    number = inventory.blobs.known(digest)
    if number is None:
        return Vulnerable(digest=digest, kind="not found")

    def carries(key: Key) -> bool:
        image = images.get(key)
        return image is not None and image.content is not None and number in image.content.layers

    return Vulnerable(digest=digest, kind="layer", versions=_users(usage, carries))


def _users(usage: Usage, wanted: Callable[[Key], bool]) -> tuple[FunctionVersion, ...]:
    found = (version for key in usage.keys if wanted(key) for version in usage.users_of(key))
    return tuple(sorted(found, key=lambda version: (version.place.account, version.place.region, version.function, version.version)))


def _ages(inventory: Inventory, usage: Usage, now: datetime.datetime) -> tuple[AgeGroup, ...]:
    edges = (0, *AGES)
    counts = {since: [0, 0] for since in edges}
    for repository in inventory.repositories:
        for image in repository.images:
            days = max(0, (now - image.pushed).days)
            since = max(edge for edge in edges if edge <= days)
            counts[since][not usage.is_used(repository, image)] += 1
    return tuple(
        AgeGroup(since=since, until=until, used=counts[since][0], unused=counts[since][1])
        for since, until in zip(edges, (*AGES, None), strict=True)
    )
