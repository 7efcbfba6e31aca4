"""The layers of base images, as their registries have them: those of the lock, and those that AWS provides today."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from optimizer.adapters.images.contents import read_content
from optimizer.adapters.progress import told
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.audit.bases import BaseLayers
from optimizer.bases.catalogue import base_image, runtimes
from optimizer.bases.lock import Lock
from optimizer.bases.mirror import Mirror
from optimizer.errors import ImageError, RegistryError
from optimizer.model.progress import Moved, Noted, Report, Task
from optimizer.model.reference import ImageReference

_THREADS = 8


def fetch_base_layers(registry: HttpRegistry, lock: Lock, mirror: Mirror, report: Report) -> list[BaseLayers]:
    """What each name of the lock and of the catalogue leads to today, and what the lock pins besides.

    What cannot be read is told in a note, and left out.
    """
    pinned = {image.reference.tagged: image for image in lock.images}
    references = {**{image.reference.tagged: image.reference for image in lock.images}}
    references.update((base.reference.tagged, base.reference) for base in map(base_image, runtimes()) if base.status != "retired")
    task = Task(action="reading", subject=f"{len(references)} base images", count=len(references))

    def read(name: str) -> list[BaseLayers]:
        reference = references[name]
        pin = pinned.get(name)
        digests = (*pin.platforms.values(), pin.digest) if pin else ()
        return [*_read(registry, reference, mirror, digests, report)]

    found: list[BaseLayers] = []
    with told(task, report), ThreadPoolExecutor(_THREADS) as pool:
        for done, layers in enumerate(pool.map(read, references), 1):
            found += layers
            report(Moved(task, done))
    return found


def _read(registry: HttpRegistry, reference: ImageReference, mirror: Mirror, pinned: Iterable[str], report: Report) -> Iterator[BaseLayers]:
    place = mirror.apply(reference)
    try:
        resolved = registry.resolve(place)
    except (RegistryError, ImageError) as error:
        report(Noted(f'the base "{place}" cannot be read: {error.faults[0].message}'))
        return
    today = {*resolved.platforms.values()} or {resolved.digest}
    for digest in sorted({*today, *pinned} - ({resolved.digest} - today)):
        try:
            content = read_content(registry, place.with_digest(digest))
        except (RegistryError, ImageError) as error:
            report(Noted(f'the base "{place.with_digest(digest)}" cannot be read: {error.faults[0].message}'))
            continue
        if content is not None:
            yield BaseLayers(reference=reference, digest=digest, layers=tuple(content.layers), date=content.made, current=digest in today)
