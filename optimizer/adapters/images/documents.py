"""From the JSON documents of an image to the image as a value; nothing in them is believed unchecked."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.errors import ImageError
from optimizer.model.architectures import PLATFORMS
from optimizer.model.image import LAYERS_LABEL, HistoryStep, Image, Layer
from optimizer.model.text import few

"""The platforms of Lambda, its default first."""

_CONFIGURATIONS = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
_TAG = "org.opencontainers.image.ref.name"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """A reference to a blob: its media type, digest and size."""

    media_type: str
    digest: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The entry of an index that was chosen, and what stands beside it."""

    descriptor: Descriptor
    platforms: tuple[str, ...]
    attestations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest's configuration and layers."""

    config: Descriptor
    layers: tuple[Descriptor, ...]


def digest_of(data: bytes) -> str:
    """``sha256:`` and the digest of the bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def parse_document(data: bytes, where: str) -> Mapping[str, Any]:
    """A JSON object; raises ImageError for anything else."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _wrong(where, "is not a JSON object")
    return document


def descriptor(value: Any, where: str) -> Descriptor:
    """A checked descriptor."""
    if not isinstance(value, dict):
        raise _wrong(where, "holds a descriptor that is not an object")
    digest, size, media_type = value.get("digest"), value.get("size"), value.get("mediaType", "")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise _wrong(where, f"holds the digest {str(digest)[:80]!r}; allowed: sha256: and 64 hexadecimal digits")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0 or not isinstance(media_type, str):
        raise _wrong(where, f"holds a descriptor without a size or a media type for {digest}")
    return Descriptor(media_type=media_type, digest=digest, size_bytes=size)


def parse_manifest(document: Mapping[str, Any], where: str) -> Manifest:
    """A manifest of one image."""
    layers = document.get("layers")
    if not isinstance(layers, list):
        raise _wrong(where, "has no list of layers")
    return Manifest(config=descriptor(document.get("config"), where), layers=tuple(descriptor(layer, where) for layer in layers))


def choose(document: Mapping[str, Any], platform: str | None, where: str) -> Choice:
    """The entry of an index for the platform; without a platform, for Lambda's default, or the only entry.

    Raises ImageError when no entry fits.
    """
    entries = document.get("manifests")
    if not isinstance(entries, list):
        raise _wrong(where, "has no list of manifests")
    images: dict[str, Descriptor] = {}
    unnamed: dict[str, str] = {}
    attestations = 0
    for entry in entries:
        found = descriptor(entry, where)
        annotations = entry.get("annotations")
        given = entry.get("platform")
        given = given if isinstance(given, dict) else {}
        name = f"{given.get('os', '')}/{given.get('architecture', '')}"
        annotations = annotations if isinstance(annotations, dict) else {}
        artifact = entry.get("artifactType")
        if name == "unknown/unknown" or "vnd.docker.reference.type" in annotations or (artifact and artifact not in _CONFIGURATIONS):
            attestations += 1
        else:
            images.setdefault(name, found)
            if name == "/":
                unnamed.setdefault(found.digest, str(annotations.get(_TAG) or found.digest))
    wanted = platform or next((name for name in PLATFORMS if name in images), None) or (next(iter(images)) if len(images) == 1 else None)
    chosen = images.get(wanted or "")
    if (wanted or "/") not in images.keys() - {"/"} and len(unnamed) > 1:
        raise ImageError(
            f"{where} has {len(unnamed)} images, and tells the platform of none: {few(sorted(unnamed.values()))}",
            hint="copy the one that you mean into a layout of its own: skopeo copy oci:DIRECTORY:TAG oci:OTHER:TAG",
        )
    if chosen is None and len(images) == 1 and "/" in images:
        # A layout's own index need not name the platform of its only image.
        chosen = images["/"]
    if chosen is None:
        raise ImageError(
            f"{where} has no image for {wanted or 'Lambda'}; found: {', '.join(sorted(images)) or 'none'}",
            hint="name one of those: --platform OS/ARCHITECTURE",
        )
    return Choice(descriptor=chosen, platforms=tuple(sorted(images)), attestations=attestations)


def image_of(
    *,
    name: str,
    source: str,
    config: bytes,
    where: str,
    blobs: Sequence[Descriptor] | None,
    media_type: str = "",
    digest: str | None = None,
    manifest_bytes: int | None = None,
    indexed: bool = False,
    platforms: Sequence[str] = (),
    attestations: int = 0,
) -> Image:
    """An image from its configuration and, where the source has them, the descriptors of its layers."""
    document = parse_document(config, f"the configuration of {where}")
    rootfs = document.get("rootfs")
    diff_ids = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if not isinstance(diff_ids, list) or not all(isinstance(item, str) and _DIGEST.fullmatch(item) for item in diff_ids):
        raise _wrong(f"the configuration of {where}", "has no list of layers (rootfs.diff_ids): it is not that of a container image")
    if blobs is not None and len(blobs) != len(diff_ids):
        raise _wrong(where, f"has {len(blobs)} layers, and its configuration {len(diff_ids)}")
    history = tuple(
        HistoryStep(created_by=str(item.get("created_by", "")), empty=item.get("empty_layer") is True)
        for item in document.get("history") or []
        if isinstance(item, dict)
    )
    steps = [step.created_by for step in history if not step.empty]
    if len(steps) != len(diff_ids):
        steps = [""] * len(diff_ids)
    settings = document.get("config")
    settings = settings if isinstance(settings, dict) else {}
    return Image(
        name=name,
        source=source,
        digest=digest,
        media_type=media_type,
        manifest_bytes=manifest_bytes,
        config_digest=digest_of(config),
        operating_system=str(document.get("os", "")),
        architecture=str(document.get("architecture", "")),
        layers=tuple(
            Layer(
                diff_id=diff_id,
                digest=blobs[number].digest if blobs else None,
                media_type=blobs[number].media_type if blobs else "",
                compressed_bytes=blobs[number].size_bytes if blobs else None,
                created_by=steps[number],
            )
            for number, diff_id in enumerate(diff_ids)
        ),
        history=history,
        user=str(settings.get("User") or ""),
        volumes=tuple(sorted(map(str, settings.get("Volumes") or {}))),
        entrypoint=_words(settings.get("Entrypoint")),
        command=_words(settings.get("Cmd")),
        indexed=indexed,
        platforms=tuple(platforms),
        attestations=attestations,
        stages=_stages(settings.get("Labels")),
    )


def _stages(labels: Any) -> tuple[str, ...]:
    names = labels.get(LAYERS_LABEL) if isinstance(labels, dict) else None
    return tuple(names.split()) if isinstance(names, str) else ()


def _words(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _wrong(where: str, message: str) -> ImageError:
    return ImageError(f"{where} {message}", hint="make the image or the archive again, or check its name")
