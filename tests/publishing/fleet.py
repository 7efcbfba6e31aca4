"""Images to publish, of plans with files and code alone, and a base for them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from optimizer import Files, ImageSpec, Lock, SourceCode
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.builders.tar import END, TarEntry, header, padding
from optimizer.model.reference import ImageReference
from optimizer.model.steps import Step
from optimizer.planning import plan
from optimizer.planning.document import KeptPlan, text_digest
from optimizer.planning.keys import stage_keys
from optimizer.project.files import Project
from optimizer.publishing.images import PublishImage
from tests.adapters.push_server import PushServer
from tests.adapters.registry_server import sha256

BASE = "lambda/nodejs"
NAME = "shop-functions"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"


def base_layer(name: str, data: bytes = b"") -> bytes:
    """An uncompressed layer with one file."""
    content = data or name.encode()
    return header(TarEntry(name, "file", 0o644, len(content))) + content + padding(len(content)) + END


@dataclass
class Fleet:
    """A project, the registry that has its base, and the images that are published from it."""

    registry: PushServer
    root: Path
    architecture: str = "x86_64"

    def add_base(self, *layers: bytes, settings: Mapping[str, object] | None = None, media_type: str = DOCKER_LAYER) -> str:
        """Put a base image of Docker's media types into the registry, under the tag 22; gives its digest."""
        layers = layers or (base_layer("base-one"), base_layer("base-two"))
        blobs = [self.registry.hold(BASE, gzip.compress(layer, mtime=0)) for layer in layers]
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Env": ["PATH=/var/lang/bin:/bin", "LANG=en_US.UTF-8"], "Entrypoint": ["/lambda-entrypoint.sh"], **(settings or {})},
            "rootfs": {"type": "layers", "diff_ids": [sha256(layer) for layer in layers]},
            "history": [{"created": "2026-01-01T00:00:00Z", "created_by": "base"}],
            "docker_version": "1.0",
        }
        data = json.dumps(config).encode()
        manifest = {
            "schemaVersion": 2,
            "mediaType": DOCKER_MANIFEST,
            "config": {"mediaType": DOCKER_CONFIG, "digest": self.registry.hold(BASE, data), "size": len(data)},
            "layers": [{"mediaType": media_type, "digest": blob, "size": len(self.registry.blobs[blob])} for blob in blobs],
        }
        return self.registry.put(f"{BASE}:22", DOCKER_MANIFEST, json.dumps(manifest).encode())

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def image(
        self, *steps: Step, tag: str = "", name: str = "App/Function", repositories: Sequence[str] = (NAME,), **options: object
    ) -> PublishImage:
        """An image of files and code; its tag is that of its context."""
        base = ImageReference.parse(f"{self.registry.host}/{BASE}:22")
        digest = self.registry.digest_of(f"{BASE}:22")
        lock = Lock.parse(
            f'version = 1\n\n[[image]]\nreference = "{base}"\ndigest = "{digest}"\nresolved = 2026-11-01\nkind = "manifest"\n[image.platforms]\namd64 = "{digest}"\n'
        )
        project = Project(self.root)
        spec = ImageSpec(runtime="nodejs22.x", architecture=self.architecture, base=str(base), steps=list(steps), **options)  # type: ignore[arg-type]
        made = plan(spec, lock, project)
        context = build_context(made, project)
        directory = stage_context(context, project, self.root.parent / "out")
        kept = KeptPlan(plan=made, keys=stage_keys(made, project), dockerfile=text_digest(context.dockerfile))
        destinations = tuple(
            ImageReference.parse(f"{self.registry.host}/{repository}:{tag or context.digest}") for repository in repositories
        )
        return PublishImage(name=name, kept=kept, directory=directory, destinations=destinations)

    def api(self, text: str = "exports.handler = async () => 1;\n", **options: object) -> PublishImage:
        """A function with a handler and a model."""
        self.write("functions/api/index.js", text)
        if not (self.root / "models").exists():
            self.write("models/ranker.bin", "model" * 1000)
        return self.image(SourceCode("functions/api", name="code"), Files("models", to="/opt/ml/", name="models"), **options)  # type: ignore[arg-type]

    def manifest(self, image: PublishImage, repository: str = NAME) -> dict[str, object]:
        return dict(json.loads(self.registry.manifests[f"{repository}:{image.destinations[0].tag}"][1]))

    def config(self, image: PublishImage, repository: str = NAME) -> dict[str, object]:
        return dict(json.loads(self.registry.blobs[self.manifest(image, repository)["config"]["digest"]]))  # type: ignore[index]
