"""Asks repositories which images they have, before anything else is read or made."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor

from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.media_types import INDEX_TYPES
from optimizer.errors import Fault
from optimizer.model.ecr import EcrRegistry
from optimizer.model.publication import INDEX, PRESENT
from optimizer.model.reference import ImageReference

_THREADS = 8


def present(references: Collection[ImageReference], registry: HttpRegistry) -> dict[ImageReference, str]:
    """Those of the references, each with a tag, that their repositories have: one request for each.

    What is there is :data:`PRESENT`, or an :data:`INDEX`, which Lambda refuses.
    Raises :class:`RegistryError`.
    """
    with ThreadPoolExecutor(_THREADS) as pool:
        # With the scopes of a push, which comes next: another scope would be another token.
        there = pool.map(lambda reference: registry.repository(reference).media_type(str(reference.tag)), references)
        found = zip(references, there, strict=True)
        return {reference: INDEX if kind in INDEX_TYPES else PRESENT for reference, kind in found if kind is not None}


def index_fault(reference: ImageReference) -> Fault:
    """What is wrong with an index in the place of an image."""
    host = EcrRegistry.parse(reference.registry)
    delete = (
        f"aws ecr batch-delete-image --region {host.region} --registry-id {host.account} "
        f"--repository-name {reference.repository} --image-ids imageTag={reference.tag}"
        if host is not None
        else "with the tool of the registry"
    )
    return Fault(
        f'"{reference}" is an image index, and cdk deploy would give it to Lambda, which takes the manifest of one image only',
        hint=f"delete it, and publish or deploy again: {delete}; see optimizer lint --image {reference}",
    )
