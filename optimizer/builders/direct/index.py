"""The index of an image that exists for several platforms.

Lambda's functions take no index; a version of a customer-managed runtime does.
Source: https://github.com/opencontainers/image-spec/blob/v1.1.0/image-index.md
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.builders.direct.files import INDEX, Blob, WholeImage, blob_of, name_annotations
from optimizer.builders.direct.image import MANIFEST, digest_of, dumped


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformManifest:
    """The manifest of the image of one platform, such as ``linux/arm64``, as a registry has it; ``size`` in bytes."""

    platform: str
    digest: str
    size: int
    media_type: str = MANIFEST


def index_document(manifests: Iterable[PlatformManifest]) -> bytes:
    """The index of the manifests, sorted by platform: equal manifests give equal bytes."""
    entries = [
        {"mediaType": each.media_type, "digest": each.digest, "size": each.size, "platform": _platform(each.platform)}
        for each in sorted(manifests, key=lambda each: each.platform)
    ]
    return dumped({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeIndex:
    """An index with all that its images consist of: ``name`` is ``NAME:TAG``, ``images`` are by platform."""

    name: str
    images: Mapping[str, WholeImage]

    @property
    def document(self) -> bytes:
        """The index as it is stored."""
        documents = {platform: image.documents for platform, image in self.images.items()}
        return index_document(
            PlatformManifest(platform=platform, digest=each.digest, size=len(each.manifest)) for platform, each in documents.items()
        )

    def blobs(self) -> Iterator[Blob]:
        """Every blob once: those of the images, and the index."""
        found = {blob.digest: blob for image in self.images.values() for blob in image.blobs()}
        digest = digest_of(self.document)
        found[digest] = blob_of(digest, self.document)
        yield from found.values()

    def descriptor(self) -> dict[str, Any]:
        """The entry of the index in that of a layout."""
        document = self.document
        return {"mediaType": INDEX, "digest": digest_of(document), "size": len(document), "annotations": name_annotations(self.name)}


def _platform(text: str) -> dict[str, str]:
    system, _, architecture = text.partition("/")
    return {"architecture": architecture, "os": system}
