"""Which tags may move in the repositories that a synthesized app declares."""

from __future__ import annotations

from collections.abc import Iterable

from optimizer.adapters.assembly import AssemblyRepository
from optimizer.linting.facts.repositories import same_everywhere
from optimizer.model.tag_mutability import TagMutability


def repository_tags(repositories: Iterable[AssemblyRepository]) -> dict[str, TagMutability | None]:
    """The tags by the name that a repository has in every environment; None where they are unknown, or differ between environments."""
    found: dict[str, TagMutability | None] = {}
    for item in repositories:
        if item.declared.name is not None:
            name = same_everywhere(item.declared.name)
            tags = TagMutability.declared(item.declared.mutability, item.declared.exclusions)
            found[name] = tags if found.get(name, tags) == tags else None
    return found
