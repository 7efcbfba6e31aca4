"""Asks repositories which images they have, before anything else is read or made."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

from optimizer.adapters.registry.client import HttpRegistry
from optimizer.model.reference import ImageReference

_THREADS = 8


def present(references: Collection[ImageReference], registry: HttpRegistry) -> set[ImageReference]:
    """Those of the references, each with a tag, that their repositories have: one request for each.

    Raises :class:`RegistryError`.
    """
    with ThreadPoolExecutor(_THREADS) as pool:
        # With the scopes of a push, which comes next: another scope would be another token.
        there = pool.map(lambda reference: registry.repository(reference).has_manifest(str(reference.tag)), references)
        return {reference for reference, found in zip(references, there, strict=True) if found}
