"""What the OCI image specification demands of manifests, configurations, indexes and layouts, as JSON Schemas.

Written from its text, version 1.1:
https://github.com/opencontainers/image-spec/blob/v1.1.0/descriptor.md, manifest.md, config.md, image-index.md and image-layout.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

_STRING = {"type": "string"}
_STRINGS = {"type": "array", "items": _STRING}
# An empty list is written as null by programs in Go, and the text allows it for the commands.
_COMMAND = {"type": ["array", "null"], "items": _STRING}
_TEXTS = {"type": "object", "additionalProperties": _STRING}
_PLACES = {"type": ["object", "null"], "additionalProperties": {"type": "object"}}
_MEDIA_TYPE = {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$"}
# Of the registered algorithms, the one that every registry has.
_DIGEST = {"type": "string", "pattern": r"^sha256:[a-f0-9]{64}$"}
_TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}
_SIZE = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
_DESCRIPTOR: dict[str, Any] = {
    "type": "object",
    "required": ["mediaType", "digest", "size"],
    "properties": {
        "mediaType": _MEDIA_TYPE,
        "digest": _DIGEST,
        "size": _SIZE,
        "urls": {"type": "array", "items": {"type": "string", "format": "uri"}},
        "annotations": _TEXTS,
        "data": {"type": "string", "contentEncoding": "base64"},
        "artifactType": _MEDIA_TYPE,
    },
}
_PLATFORM = {
    "type": "object",
    "required": ["architecture", "os"],
    "properties": {"architecture": _STRING, "os": _STRING, "os.version": _STRING, "os.features": _STRINGS, "variant": _STRING},
}
_MANIFEST_TYPE, _INDEX_TYPE = "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"
_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "manifest": {
        "type": "object",
        "required": ["schemaVersion", "config", "layers"],
        "properties": {
            "schemaVersion": {"const": 2},
            "mediaType": {"const": _MANIFEST_TYPE},
            "artifactType": _MEDIA_TYPE,
            "config": _DESCRIPTOR,
            "layers": {"type": "array", "minItems": 1, "items": _DESCRIPTOR},
            "subject": _DESCRIPTOR,
            "annotations": _TEXTS,
        },
    },
    "configuration": {
        "type": "object",
        "required": ["architecture", "os", "rootfs"],
        "properties": {
            "created": _TIME,
            "author": _STRING,
            **_PLATFORM["properties"],  # type: ignore[dict-item]
            "config": {
                "type": "object",
                "properties": {
                    "User": _STRING,
                    "ExposedPorts": _PLACES,
                    "Env": {"type": "array", "items": {"type": "string", "pattern": "^[^=]+="}},
                    "Entrypoint": _COMMAND,
                    "Cmd": _COMMAND,
                    "Volumes": _PLACES,
                    "WorkingDir": _STRING,
                    "Labels": {**_TEXTS, "type": ["object", "null"]},
                    "StopSignal": _STRING,
                },
            },
            "rootfs": {
                "type": "object",
                "required": ["type", "diff_ids"],
                "properties": {"type": {"const": "layers"}, "diff_ids": {"type": "array", "items": _DIGEST}},
            },
            "history": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "created": _TIME,
                        "author": _STRING,
                        "created_by": _STRING,
                        "comment": _STRING,
                        "empty_layer": {"type": "boolean"},
                    },
                },
            },
        },
    },
    "index": {
        "type": "object",
        "required": ["schemaVersion", "manifests"],
        "properties": {
            "schemaVersion": {"const": 2},
            "mediaType": {"const": _INDEX_TYPE},
            "manifests": {
                "type": "array",
                "items": {**_DESCRIPTOR, "properties": {**_DESCRIPTOR["properties"], "platform": _PLATFORM}},
            },
            "subject": _DESCRIPTOR,
            "annotations": _TEXTS,
        },
    },
    "layout": {"type": "object", "required": ["imageLayoutVersion"], "properties": {"imageLayoutVersion": {"const": "1.0.0"}}},
}


def faults(kind: str, data: bytes) -> list[str]:
    """What is wrong with a document: a ``manifest``, ``configuration``, ``index`` or ``layout``."""
    validator = Draft202012Validator(_SCHEMAS[kind], format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(json.loads(data))]


def image_faults(manifest: bytes, config: bytes) -> list[str]:
    """What is wrong with an image, its two documents held against each other too."""
    found = [*faults("manifest", manifest), *faults("configuration", config)]
    layers, diff_ids = json.loads(manifest).get("layers", ()), json.loads(config).get("rootfs", {}).get("diff_ids", ())
    if len(layers) != len(diff_ids):
        found.append(f"{len(layers)} layers, and {len(diff_ids)} in the configuration")
    steps = [step for step in json.loads(config).get("history", ()) if not step.get("empty_layer")]
    if steps and len(steps) != len(diff_ids):
        found.append(f"{len(steps)} steps of the history have a layer, and there are {len(diff_ids)}")
    return found
