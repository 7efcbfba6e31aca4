"""Which function versions use which image, and whether nothing else can.

An image is used by a version whose resolved name has its digest.  The members
of a used index are used too, and so are the referrers of a used image, such as
its signature.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from optimizer.audit.inventory import FunctionVersion, Inventory, Repository, StoredImage, title
from optimizer.model.ecr import EcrRegistry

_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
_NAME = re.compile(r"(?P<host>[^/@]+)/(?P<repository>[^@:]+)(?::[^@]+)?@(?P<digest>sha256:[0-9a-f]{64})")

Key = tuple[EcrRegistry, str, str]
"""Registry, repository and digest."""


def key_of(version: FunctionVersion) -> Key | None:
    """The image that the version runs; None where Lambda does not tell its digest, or it lies in no registry of ECR."""
    # A name with a digest was that image from the start.
    match = _NAME.fullmatch(version.resolved) or _NAME.fullmatch(version.image)
    registry = EcrRegistry.parse(match["host"]) if match else None
    return (registry, match["repository"], match["digest"]) if match and registry else None


class Usage:
    """The users of images in an inventory."""

    def __init__(self, inventory: Inventory) -> None:
        self._users: dict[Key, list[FunctionVersion]] = {}
        self._unresolved: list[FunctionVersion] = []
        for version in inventory.versions:
            key = key_of(version)
            if key is None:
                self._unresolved.append(version)
            else:
                self._users.setdefault(key, []).append(version)
        self._running = {(place, name) for place, name, _ in self._users}
        self._kept = {key for repository in inventory.repositories for key in self._around(repository)}
        self._gaps = {gap.place for gap in inventory.gaps if gap.hides == "users"}
        self._regions = {(place.place.account, place.place.region) for place in inventory.places}

    def users(self, repository: Repository, image: StoredImage) -> Sequence[FunctionVersion]:
        """The versions that run the image itself."""
        return self._users.get((repository.place, repository.name, image.digest), ())

    def is_used(self, repository: Repository, image: StoredImage) -> bool:
        """Whether a version runs it, or it belongs to an image that a version runs."""
        key = (repository.place, repository.name, image.digest)
        return key in self._users or key in self._kept

    def has_users(self, repository: Repository) -> bool:
        """Whether a version runs an image of the repository, also one that is gone."""
        return (repository.place, repository.name) in self._running

    @property
    def keys(self) -> Sequence[Key]:
        """The images that versions run, also those that are gone."""
        return tuple(self._users)

    def users_of(self, key: Key) -> Sequence[FunctionVersion]:
        """The versions that run an image, also one that is gone."""
        return self._users.get(key, ())

    @property
    def unresolved(self) -> Sequence[FunctionVersion]:
        """The versions whose digest Lambda does not tell."""
        return self._unresolved

    def doubt(self, repository: Repository) -> str:
        """Why an image of the repository without a user may have one that was not seen; empty where no function can.

        Other services, such as ECS, are never seen.
        """
        place = repository.place
        if any(gap.account == place.account and gap.region == place.region for gap in self._gaps):
            return f"not all functions of {title(place)} could be read"
        if any(version.place == place or repository.name in version.image for version in self._unresolved):
            return "Lambda does not tell the digest of some functions' image"
        if repository.policy is None:
            return "its access policy could not be read, and may let other accounts pull"
        others = sorted(others_allowed(repository.policy, place.account))
        unseen = [name for name in others if (name, place.region) not in self._regions]
        if unseen:
            return f"its policy lets others pull whose functions were not read: {', '.join(unseen[:3])}"
        return ""

    def _around(self, repository: Repository) -> Iterator[Key]:
        """The images that belong to a used one."""
        images = {image.digest: image for image in repository.images}
        waiting = [image.digest for image in repository.images if (repository.place, repository.name, image.digest) in self._users]
        referrers: dict[str, list[str]] = {}
        for image in repository.images:
            if image.subject:
                referrers.setdefault(image.subject, []).append(image.digest)
        seen = set(waiting)
        while waiting:
            digest = waiting.pop()
            content = images[digest].content if digest in images else None
            for near in (*(content.members if content else ()), *referrers.get(digest, ())):
                if near not in seen:
                    seen.add(near)
                    waiting.append(near)
                    yield (repository.place, repository.name, near)


def others_allowed(statements: Sequence[Mapping[str, Any]], own: str) -> set[str]:
    """The accounts besides ``own`` that an access policy allows something, or ``everybody``; Lambda's own service is none."""
    found: set[str] = set()
    for statement in statements:
        if statement.get("Effect") != "Allow":
            continue
        principal = statement.get("Principal")
        if "NotPrincipal" in statement:
            found.add("everybody")
        for text in _principals(principal):
            account = _ACCOUNT.search(text)
            if text == "*":
                # A condition may narrow it to named accounts or an organization, of which no list is known here.
                found.add("everybody")
            elif account:
                found.add(account[0])
        found |= _sources(statement)
    return found - {own}


def _principals(principal: Any) -> Iterator[str]:
    if isinstance(principal, Mapping):
        for kind, value in principal.items():
            if kind != "Service":
                yield from map(str, value if isinstance(value, list) else [value])
    elif principal is not None:
        yield str(principal)


def _sources(statement: Mapping[str, Any]) -> set[str]:
    """The accounts for whose functions Lambda's service may pull."""
    principal = statement.get("Principal")
    if not isinstance(principal, Mapping) or "Service" not in principal:
        return set()
    return set(_ACCOUNT.findall(str(statement.get("Condition", ""))))
