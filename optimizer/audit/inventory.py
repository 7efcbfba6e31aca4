"""What was read of accounts: image functions with their versions, repositories with their images, and what could not be read.

Terms
    place     an account in a Region, which has functions and a registry
    blob      a layer or a configuration, which a repository stores once
    gap       something that could not be read, so that figures may lack it
"""

from __future__ import annotations

import datetime
import threading
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from optimizer.model.ecr import EcrRegistry


class Blobs:
    """The blobs of all images by number, each digest once; numbers start at 0, and threads may share it."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._sizes = array("q")
        self._lock = threading.Lock()

    def number(self, digest: str, size: int) -> int:
        """The number of a blob of so many compressed bytes."""
        with self._lock:
            number = self._numbers.setdefault(digest, len(self._sizes))
            if number == len(self._sizes):
                self._sizes.append(size)
            return number

    def known(self, digest: str) -> int | None:
        """The number of a digest; None for one that no image has."""
        return self._numbers.get(digest)

    def size(self, number: int) -> int:
        """The compressed bytes of a blob."""
        return self._sizes[number]

    def sizes(self, numbers: Iterable[int]) -> int:
        """The bytes of several."""
        return sum(map(self.size, numbers))


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestContent:
    """What a manifest says: numbers of the layers from the lowest, of the configuration, and for an index the digests of its members.

    ``base_name`` and ``base_digest`` are the annotations of OCI about the base
    image, empty where they are not set.
    """

    layers: tuple[int, ...] = ()
    config: int | None = None
    members: tuple[str, ...] = ()
    index: bool = False
    base_name: str = ""
    base_digest: str = ""

    @property
    def blobs(self) -> frozenset[int]:
        """What a repository stores for it, besides the manifest itself."""
        return frozenset(self.layers) | (frozenset() if self.config is None else {self.config})


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredImage:
    """An image, an index or another artifact of a repository.

    ``content`` is None where the manifest could not be read, as that of an
    image in the archive; ``size`` is then all that is known, in bytes as ECR
    counts them.  ``subject`` is the digest that a referrer, such as a
    signature, belongs to.  Times have a time zone.
    """

    digest: str
    tags: tuple[str, ...] = ()
    pushed: datetime.datetime
    pulled: datetime.datetime | None = None
    archived_at: datetime.datetime | None = None
    archived: bool = False
    media_type: str = ""
    size: int = 0
    subject: str = ""
    content: ManifestContent | None = None

    def bytes(self, blobs: Blobs) -> int:
        """What a pull of it fetches: its blobs, or what ECR says where these are unknown."""
        return self.size if self.content is None or self.content.index else blobs.sizes(self.content.blobs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository of Amazon ECR; ``images`` are sorted by digest.

    ``lifecycle`` and ``policy`` are the rules and statements as ECR has them,
    empty without a policy and None where it could not be read; ``exclusions``
    are those of the tag mutability, by CloudFormation's names.  ``complete``
    is False where some of its images could not be listed.
    """

    place: EcrRegistry
    name: str
    created: datetime.datetime | None = None
    mutability: str = "MUTABLE"
    exclusions: tuple[Mapping[str, Any], ...] = ()
    lifecycle: tuple[Mapping[str, Any], ...] | None = ()
    policy: tuple[Mapping[str, Any], ...] | None = ()
    owner: str = ""
    images: tuple[StoredImage, ...] = ()
    complete: bool = True

    @property
    def title(self) -> str:
        """Its name with account and Region."""
        return f"{self.name} ({title(self.place)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionVersion:
    """A version of an image function, ``$LATEST`` among them.

    ``image`` is the name that it was given, ``resolved`` the name with digest
    that Lambda made of it; each is empty where Lambda does not tell it.
    ``aliases`` lead to this version, also with a weight.  ``memory`` is in MB;
    ``snapstart`` says that a snapshot of this version is kept, and
    ``properties`` are settings by the names of CloudFormation.
    """

    place: EcrRegistry
    function: str
    version: str
    image: str = ""
    resolved: str = ""
    architecture: str = "x86_64"
    memory: int = 128
    snapstart: bool = False
    modified: str = ""
    state: str = ""
    reason: str = ""
    owner: str = ""
    aliases: tuple[str, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def latest(self) -> bool:
        """Whether it is the version that can be edited."""
        return self.version == "$LATEST"

    @property
    def name(self) -> str:
        """Function and version, as Lambda writes them."""
        return f"{self.function}:{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that could not be read: what, by which action of IAM, and why.

    ``hides`` says what is incomplete because of it: the users of images, the
    images, or only a setting.
    """

    place: EcrRegistry
    what: str
    action: str
    reason: str
    kind: Literal["permission", "throttled", "unavailable"]
    hides: Literal["users", "images", "setting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceInventory:
    """What was read of an account in a Region.

    ``repositories`` are sorted by name, ``versions`` by function and version.
    ``zip_functions`` counts the functions of other packages.  ``blob_mounting``
    is None where it is unknown.  ``absent`` names repositories that functions
    run images of and that are not there; ``vanished`` counts what was there when lists
    were read and gone when it was looked at, by what it was.
    """

    place: EcrRegistry
    repositories: tuple[Repository, ...] = ()
    versions: tuple[FunctionVersion, ...] = ()
    zip_functions: int = 0
    blob_mounting: bool | None = None
    absent: frozenset[str] = frozenset()
    gaps: tuple[Gap, ...] = ()
    vanished: Mapping[str, int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """All places that were read, each once, and the blobs of their images."""

    places: tuple[PlaceInventory, ...]
    blobs: Blobs

    @property
    def versions(self) -> Iterator[FunctionVersion]:
        """The versions of all places."""
        return (version for place in self.places for version in place.versions)

    @property
    def repositories(self) -> Iterator[Repository]:
        """The repositories of all places."""
        return (repository for place in self.places for repository in place.repositories)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What could not be read, in the order of places."""
        return tuple(gap for place in self.places for gap in place.gaps)


def title(place: EcrRegistry) -> str:
    """The place for people."""
    return f"{place.account}, {place.region}"
