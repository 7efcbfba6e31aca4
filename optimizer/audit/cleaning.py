"""Which images can be deleted, because nothing that can be asked runs them, and why each other one is kept.

Terms
    candidate   an image that may be deleted, if a fresh look right before agrees
    kept        an image that stays, with the first reason that was found
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from optimizer.audit.inventory import FunctionVersion, Gap, Inventory, Repository, StoredImage, title
from optimizer.audit.usage import Usage, key_of, others_allowed
from optimizer.model.ecr import EcrRegistry

LAMBDA = "lambda.amazonaws.com"
_INDEX = re.compile(r"index|manifest\.list")


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherUsers:
    """What services besides Lambda name: repositories by the service that does, and what could not be read of them."""

    repositories: Mapping[tuple[EcrRegistry, str], str]
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An image that may be deleted; ``size`` is what a pull of it fetches, in bytes, ``days`` those since its push."""

    place: EcrRegistry
    repository: str
    image: StoredImage
    size: int
    days: int

    @property
    def reason(self) -> str:
        """Why it may be deleted."""
        return f"no function version runs it, no service that was asked names its repository, pushed {self.days} days ago"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An image that stays, and why."""

    place: EcrRegistry
    repository: str
    digest: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CleaningPlan:
    """What may be deleted of an inventory, and what stays; ``freed`` are the bytes of layers that only candidates have."""

    candidates: tuple[Candidate, ...]
    kept: tuple[Kept, ...]
    freed: int
    gaps: tuple[Gap, ...]


def plan_cleaning(
    inventory: Inventory,
    others: OtherUsers,
    *,
    now: datetime.datetime,
    older_than: int,
    repositories: Collection[str],
) -> CleaningPlan:
    """What may be deleted of the named ``repositories``, of images pushed more than ``older_than`` days ago."""
    usage = Usage(inventory)
    candidates: list[Candidate] = []
    kept: list[Kept] = []
    freed = 0
    for repository in inventory.repositories:
        if repository.name not in repositories:
            continue
        whole = _why_whole(repository, inventory, usage, others)
        belonging = dict(_belonging(repository, usage))
        chosen = []
        for image in repository.images:
            reason = whole or _why(repository, image, usage, belonging, now, older_than)
            if reason:
                kept.append(Kept(place=repository.place, repository=repository.name, digest=image.digest, reason=reason))
            else:
                chosen.append(image)
        candidates += (
            Candidate(
                place=repository.place,
                repository=repository.name,
                image=image,
                size=image.bytes(inventory.blobs),
                days=(now - image.pushed).days,
            )
            for image in chosen
        )
        staying = {image.digest for image in repository.images} - {image.digest for image in chosen}
        freed += inventory.blobs.sizes(_blobs(chosen) - _blobs(image for image in repository.images if image.digest in staying))
    return CleaningPlan(candidates=tuple(candidates), kept=tuple(kept), freed=freed, gaps=(*inventory.gaps, *others.gaps))


def why_not(candidate: Candidate, versions: Iterable[FunctionVersion], found: StoredImage | None) -> str:
    """Why a candidate is left, after a fresh look at all versions of its place and at the image; empty where it may go."""
    image = candidate.image
    if found is None:
        return "it is gone"
    if found.tags != image.tags:
        return "its tags have changed since the plan"
    if found.pushed != image.pushed or found.archived:
        return "it has changed since the plan"
    for version in versions:
        key = key_of(version)
        if key is None:
            return f"Lambda does not tell the digest of the image of {version.name}"
        if key == (candidate.place, candidate.repository, image.digest):
            return f"{version.name} runs it since the plan"
    return ""


def _why_whole(repository: Repository, inventory: Inventory, usage: Usage, others: OtherUsers) -> str:
    """Why no image of the repository may be deleted; empty where some may."""
    place = repository.place
    doubt = usage.doubt(repository)
    if doubt:
        return doubt
    if others.gaps:
        actions = ", ".join(sorted({gap.action for gap in others.gaps}))
        return f"other services may run it, which was not answered: {actions}"
    if (place, repository.name) in others.repositories:
        return f"{others.repositories[place, repository.name]} names its repository"
    if not repository.complete or any(gap.place == place and gap.hides == "images" for gap in inventory.gaps):
        return f"not all images of {title(place)} could be read"
    allowed = sorted(others_allowed(repository.policy or (), place.account) | set(_services(repository.policy or ())))
    if allowed:
        return f"its policy lets others pull: {', '.join(allowed[:3])}"
    if any(image.content is None and _INDEX.search(image.media_type) for image in repository.images):
        return "the members of an index in it are unknown"
    return ""


def _why(
    repository: Repository, image: StoredImage, usage: Usage, belonging: Mapping[str, str], now: datetime.datetime, older_than: int
) -> str:
    """Why an image stays; empty where it may go."""
    users = usage.users(repository, image)
    if users:
        return f"{users[0].name} runs it"
    if usage.is_used(repository, image):
        return "it belongs to an image that a function version runs"
    if image.archived:
        return "it is in the archive"
    if image.content is None:
        return "its manifest is none of an image, or could not be read"
    if image.digest in belonging:
        return belonging[image.digest]
    if (now - image.pushed).days < older_than:
        return f"it was pushed less than {older_than} days ago"
    return ""


def _belonging(repository: Repository, usage: Usage) -> Iterator[tuple[str, str]]:
    """The images that another one needs or that describe another one, and the indexes of an image in use."""
    held = {image.digest: image for image in repository.images}
    for image in repository.images:
        members = image.content.members if image.content else ()
        for member in members:
            yield member, "it is a member of an index"
        if any(member in held and usage.is_used(repository, held[member]) for member in members):
            yield image.digest, "an image of this index is in use"
        if image.subject in held:
            yield image.digest, "it describes an image that is there"


def _services(statements: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """The services besides Lambda that an access policy allows something."""
    for statement in statements:
        principal = statement.get("Principal")
        if statement.get("Effect") == "Allow" and isinstance(principal, Mapping) and "Service" in principal:
            named = principal["Service"]
            yield from (str(name) for name in (named if isinstance(named, list) else [named]) if name != LAMBDA)


def _blobs(images: Iterable[StoredImage]) -> set[int]:
    return {number for image in images if image.content for number in image.content.blobs}
