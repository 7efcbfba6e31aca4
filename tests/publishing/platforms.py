"""A base image for both architectures, in a registry of this process."""

from __future__ import annotations

import gzip
import json

from tests.adapters.push_server import PushServer
from tests.adapters.registry_server import sha256
from tests.publishing.fleet import DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST, base_layer

INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"


def add_platform_base(registry: PushServer, name: str = "lambda/nodejs", tag: str = "22") -> str:
    """Put a base of two architectures under a tag; gives the digest of its index."""
    entries = []
    for architecture in ("amd64", "arm64"):
        layer = base_layer(f"base-{architecture}")
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {"Env": ["PATH=/var/lang/bin:/bin"], "Entrypoint": ["/lambda-entrypoint.sh"]},
            "rootfs": {"type": "layers", "diff_ids": [sha256(layer)]},
        }
        data, blob = json.dumps(config).encode(), gzip.compress(layer, mtime=0)
        manifest = {
            "schemaVersion": 2,
            "mediaType": DOCKER_MANIFEST,
            "config": {"mediaType": DOCKER_CONFIG, "digest": registry.hold(name, data), "size": len(data)},
            "layers": [{"mediaType": DOCKER_LAYER, "digest": registry.hold(name, blob), "size": len(blob)}],
        }
        body = json.dumps(manifest).encode()
        digest = registry.put(f"{name}:{tag}-{architecture}", DOCKER_MANIFEST, body)
        platform = {"architecture": architecture, "os": "linux"}
        entries.append({"mediaType": DOCKER_MANIFEST, "digest": digest, "size": len(body), "platform": platform})
    document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
    return registry.put(f"{name}:{tag}", INDEX, json.dumps(document).encode())
