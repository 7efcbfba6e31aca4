"""The configuration and the manifest of an image: a base with the layers of a plan on top.

Neither holds what changes from day to day, so equal plans with equal layers
give equal digests on every machine.
Sources: https://github.com/opencontainers/image-spec/blob/v1.1.0/config.md and
https://github.com/opencontainers/image-spec/blob/v1.1.0/manifest.md
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from optimizer.errors import ImageError
from optimizer.model.image import LAYERS_LABEL
from optimizer.model.plan import TIMESTAMP, BuildPlan

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
KEY_ANNOTATION = "lambda-image-optimizer.key"
"""Annotation of a layer: the key of the stage whose tree it is."""
DIFF_ID_ANNOTATION = "lambda-image-optimizer.diff-id"
"""Annotation of a layer: the digest of what it unpacks to."""
PATHS_ANNOTATION = "lambda-image-optimizer.paths"
"""Annotation of a layer that is a part of a lock: its claims (see :mod:`optimizer.builders.claims`), one a line."""

# A manifest of OCI with a layer of a Docker type is refused by skopeo when it converts one: all are called by OCI's names.
_LAYER_TYPES = {
    LAYER: LAYER,
    "application/vnd.docker.image.rootfs.diff.tar.gzip": LAYER,
    "application/vnd.oci.image.layer.v1.tar": "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.docker.image.rootfs.diff.tar": "application/vnd.oci.image.layer.v1.tar",
}
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_KEPT = ("architecture", "os", "variant", "os.version", "os.features")
_CREATED = datetime.datetime.fromtimestamp(TIMESTAMP, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerBlob:
    """A layer as a registry stores it: ``size`` in bytes, ``key`` empty for a layer of the base.

    ``paths`` are the claims of a part of a lock; empty for other layers, and
    where there are too many.
    """

    digest: str
    size: int
    diff_id: str
    media_type: str = LAYER
    key: str = ""
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseImage:
    """A base image of one platform: ``digest`` is that of its manifest, ``config`` its configuration."""

    digest: str
    layers: tuple[LayerBlob, ...]
    config: Mapping[str, Any] = field(hash=False)

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """Those of its layers."""
        return tuple(layer.diff_id for layer in self.layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDocuments:
    """What is pushed of an image beside its layers, and the digests of both."""

    config: bytes
    manifest: bytes

    @property
    def config_digest(self) -> str:
        return digest_of(self.config)

    @property
    def digest(self) -> str:
        return digest_of(self.manifest)


def base_image(manifest: bytes, config: bytes, name: str) -> BaseImage:
    """The base of a manifest and its configuration; raises ImageError for one that cannot be the base of an image for Lambda."""
    try:
        document, configuration = json.loads(manifest), json.loads(config)
        diff_ids = configuration["rootfs"]["diff_ids"]
        descriptors = document["layers"]
        if len(diff_ids) != len(descriptors):
            raise ImageError(f'the base image "{name}" has {len(descriptors)} layers, and {len(diff_ids)} in its configuration', hint=_HINT)
        layers = tuple(_base_layer(descriptor, diff_id, name) for descriptor, diff_id in zip(descriptors, diff_ids, strict=True))
    except (ValueError, LookupError, TypeError) as error:
        raise ImageError(f'the base image "{name}" is damaged: {error!r}', hint=_HINT) from None
    return BaseImage(digest=digest_of(manifest), layers=layers, config=configuration)


_HINT = "name another image or tag"


def _base_layer(descriptor: Mapping[str, Any], diff_id: str, name: str) -> LayerBlob:
    media_type = str(descriptor["mediaType"])
    if media_type not in _LAYER_TYPES:
        raise ImageError(
            f'the base image "{name}" has a layer of the type "{media_type}"; allowed: layers that are plain or compressed by gzip',
            hint=_HINT,
        )
    return LayerBlob(
        digest=str(descriptor["digest"]), size=int(descriptor["size"]), diff_id=str(diff_id), media_type=_LAYER_TYPES[media_type]
    )


def image_documents(plan: BuildPlan, base: BaseImage, layers: Sequence[LayerBlob]) -> ImageDocuments:
    """The documents of the image of a plan, whose layers are those of ``plan.above_base``, in that order."""
    config = dumped(_config(plan, base, layers))
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": digest_of(config), "size": len(config)},
        "layers": [_descriptor(layer) for layer in (*base.layers, *layers)],
    }
    return ImageDocuments(config=config, manifest=dumped(manifest))


def layer_of_manifest(manifest: Mapping[str, Any], key: str) -> LayerBlob | None:
    """The layer of that key in a manifest of this project; None where it has none, or one that is not whole."""
    for descriptor in _descriptors(manifest):
        annotations = descriptor.get("annotations")
        if isinstance(annotations, dict) and annotations.get(KEY_ANNOTATION) == key:
            digest, size, diff_id = descriptor.get("digest"), descriptor.get("size"), annotations.get(DIFF_ID_ANNOTATION)
            if not _is_digest(digest) or not _is_digest(diff_id) or type(size) is not int or descriptor.get("mediaType") != LAYER:
                return None
            paths = annotations.get(PATHS_ANNOTATION)
            return LayerBlob(
                digest=digest, size=size, diff_id=diff_id, key=key, paths=tuple(paths.split("\n")) if isinstance(paths, str) else ()
            )
    return None


def config_of_manifest(manifest: Mapping[str, Any]) -> str | None:
    """The digest of the configuration that a manifest names; None where it names none."""
    config = manifest.get("config")
    digest = config.get("digest") if isinstance(config, dict) else None
    return digest if _is_digest(digest) else None


def agrees(manifest: Mapping[str, Any], config: bytes, layer: LayerBlob) -> bool:
    """Whether the configuration of a manifest says of one of its layers that it unpacks to the layer's ``diff_id``."""
    try:
        diff_ids = json.loads(config)["rootfs"]["diff_ids"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return False
    digests = [descriptor.get("digest") for descriptor in _descriptors(manifest)]
    if not isinstance(diff_ids, list) or len(diff_ids) != len(digests):
        return False
    told = [diff_id for digest, diff_id in zip(digests, diff_ids, strict=True) if digest == layer.digest]
    return told != [] and all(diff_id == layer.diff_id for diff_id in told)


def _descriptors(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    layers = manifest.get("layers")
    return [descriptor for descriptor in layers if isinstance(descriptor, dict)] if isinstance(layers, list) else []


def _is_digest(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def _descriptor(layer: LayerBlob) -> dict[str, Any]:
    descriptor: dict[str, Any] = {"mediaType": layer.media_type, "digest": layer.digest, "size": layer.size}
    if layer.key:
        paths = {PATHS_ANNOTATION: "\n".join(layer.paths)} if layer.paths else {}
        descriptor["annotations"] = {DIFF_ID_ANNOTATION: layer.diff_id, KEY_ANNOTATION: layer.key, **paths}
    return descriptor


def _config(plan: BuildPlan, base: BaseImage, layers: Sequence[LayerBlob]) -> dict[str, Any]:
    found = {name: base.config[name] for name in _KEPT if name in base.config}
    # Docker's classic builder writes the last command of the build there, and nobody reads it.
    settings = {name: value for name, value in (base.config.get("config") or {}).items() if name not in ("Image", "Hostname")}
    settings["Env"] = _environment(settings.get("Env") or (), plan.environment)
    labels = {**(settings.get("Labels") or {}), **dict(plan.labels)}
    if plan.layers:
        labels[LAYERS_LABEL] = " ".join(plan.layers)
    settings["Labels"] = labels
    history = [
        *(base.config.get("history") or ()),
        *({"created": _CREATED, "created_by": plan.stage(name).title} for name in plan.above_base),
    ]
    return {
        **found,
        "created": _CREATED,
        "config": settings,
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in (*base.layers, *layers)]},
        "history": history,
    }


def _environment(base: Sequence[str], added: Sequence[tuple[str, str]]) -> list[str]:
    """The variables of the base, with those of the plan in their places, or at the end."""
    values = dict(item.partition("=")[::2] for item in base)
    return [f"{name}={value}" for name, value in {**values, **dict(added)}.items()]


def dumped(document: Mapping[str, Any]) -> bytes:
    """A document as it is pushed: equal documents give equal bytes."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def digest_of(data: bytes) -> str:
    """The digest by which a registry names the bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
