"""Publishes indexes: the images of their platforms first, each under a name of its own, then the index under its own.

The images have tags, so that no life-cycle rule for untagged images takes one
away, and so that the next run finds them by one request each.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from optimizer.adapters.index_files import PlatformContext, context_directory, image_tag, index_digest
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.media_types import INDEX_TYPES
from optimizer.builders.direct.files import INDEX
from optimizer.builders.direct.image import digest_of
from optimizer.builders.direct.index import PlatformManifest, index_document
from optimizer.errors import Fault, ImageError
from optimizer.model.progress import Pushed, Report
from optimizer.model.publication import Admit, ImageResult
from optimizer.model.reference import ImageReference
from optimizer.publishing.asking import present
from optimizer.publishing.images import PublishImage
from optimizer.publishing.planned import NotPlanned, planned
from optimizer.publishing.publish import publish


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformImage:
    """The image of one platform of an index; ``image`` is None where its build context is not as it was made, and ``reason`` says how."""

    platform: str
    digest: str
    image: PublishImage | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishIndex:
    """An index to publish: ``digest`` is that of its build contexts, ``destinations`` are its names, each with a tag."""

    name: str
    digest: str
    images: tuple[PlatformImage, ...]
    destinations: tuple[ImageReference, ...]

    @property
    def made(self) -> tuple[PublishImage, ...]:
        """The images that can be made."""
        return tuple(each.image for each in self.images if each.image is not None)

    def faults_of(self, images: Iterable[PlatformImage]) -> list[Fault]:
        """One fault for each of the images that cannot be made."""
        return [
            Fault(f"the image for {image.platform} cannot be assembled: {image.reason}", self.name, "run cdk synth again")
            for image in images
            if image.image is None
        ]

    def image_reference(self, image: PlatformImage, destination: ImageReference) -> ImageReference:
        """The name of an image of the index beside one of the index's own."""
        return replace(destination, tag=image_tag(str(destination.tag), self.digest, image.digest))


def index_of_directory(
    name: str, directory: Path, contexts: Iterable[PlatformContext], destinations: Iterable[ImageReference]
) -> PublishIndex:
    """The index of a directory of an assembly.  Raises :class:`ContextError` for a build context that cannot be read."""
    contexts = tuple(contexts)
    return PublishIndex(
        name=name,
        digest=index_digest(contexts),
        images=tuple(_image(name, directory, context) for context in contexts),
        destinations=tuple(destinations),
    )


def _image(name: str, directory: Path, context: PlatformContext) -> PlatformImage:
    where = context_directory(directory, context)
    try:
        kept = planned(where, context.options)
    except NotPlanned as why:
        return PlatformImage(platform=context.platform, digest=context.digest, image=None, reason=str(why))
    image = PublishImage(name=f"{name} ({context.platform})", kept=kept, directory=where, destinations=(), options=context.options)
    return PlatformImage(platform=context.platform, digest=context.digest, image=image)


def publish_index(
    index: PublishIndex,
    registry: HttpRegistry,
    *,
    reuse: Iterable[ImageReference] = (),
    host: bool = True,
    engine: bool = True,
    report: Report = lambda event: None,
    admit: Admit = lambda results: None,
) -> tuple[ImageResult, ...]:
    """Publish an index under all its names; gives one result for each name of an image and of the index.

    The other arguments are those of :func:`publish`.  Raises
    :class:`ImageError` for images that are not there and whose build contexts
    are not as they were made, and what :func:`publish` raises.
    """
    named = [
        (image, destination, index.image_reference(image, destination)) for destination in index.destinations for image in index.images
    ]
    there = present([reference for _, _, reference in named], registry)
    missing = [(image, destination, reference) for image, destination, reference in named if reference not in there]
    faults = index.faults_of(image for image, _, _ in missing)
    if faults:
        raise ImageError(faults)
    wanted = [replace(image.image, destinations=(reference,)) for image, _, reference in missing if image.image is not None]
    results = [
        ImageResult(name=f"{index.name} ({image.platform})", reference=str(reference), state="present")
        for image, _, reference in named
        if reference in there
    ]
    if wanted:
        results += publish(wanted, registry, reuse=reuse, host=host, engine=engine, ask=False, report=report, admit=admit)
    for destination in index.destinations:
        results.append(_put(index, destination, registry))
        report(Pushed(str(destination)))
    return tuple(results)


def _put(index: PublishIndex, destination: ImageReference, registry: HttpRegistry) -> ImageResult:
    manifests = [_manifest(image.platform, index.image_reference(image, destination), registry) for image in index.images]
    document = index_document(manifests)
    registry.repository(destination).put_manifest(str(destination.tag), INDEX, document)
    return ImageResult(name=index.name, reference=str(destination), state="pushed", digest=digest_of(document))


def _manifest(platform: str, reference: ImageReference, registry: HttpRegistry) -> PlatformManifest:
    found = registry.fetch_manifest(reference)
    if found.media_type in INDEX_TYPES:
        raise ImageError(
            f'"{reference}" is an index, and the index of a runtime names images',
            str(reference),
            "build it again with --provenance=false --sbom=false, and push it under that name in a repository that has none",
        )
    return PlatformManifest(platform=platform, digest=found.digest, size=len(found.body), media_type=found.media_type)
