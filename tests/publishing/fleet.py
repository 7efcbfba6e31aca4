"""Images to publish, of plans with files and code alone, and a base for them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from optimizer import Files, ImageSpec, Lock, SourceCode
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.builders.docker.kept import kept_plan
from optimizer.builders.tar import END, TarEntry, header, padding
from optimizer.model.packing import Packing
from optimizer.model.reference import ImageReference
from optimizer.model.steps import Step
from optimizer.planning.plan import plan
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
    """A project, the registry that has its base, and the images that are published from it; ``python`` is what the lock says of the base."""

    registry: PushServer
    root: Path
    architecture: str = "x86_64"
    base: str = f"{BASE}:22"
    runtime: str = "nodejs22.x"
    python: str = ""

    def add_base(self, *layers: bytes, settings: Mapping[str, object] | None = None, media_type: str = DOCKER_LAYER) -> str:
        """Put a base image of Docker's media types into the registry; gives its digest."""
        layers = layers or (base_layer("base-one"), base_layer("base-two"))
        repository = self.base.partition(":")[0]
        blobs = [self.registry.hold(repository, gzip.compress(layer, mtime=0)) for layer in layers]
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Env": ["PATH=/var/lang/bin:/bin", "LANG=en_US.UTF-8"], "Entrypoint": ["/lambda-entrypoint.sh"], **(settings or {})},
            "rootfs": {"type": "layers", "diff_ids": [sha256(layer) for layer in layers]},
            "history": [{"created": "2026-01-01T00:00:00Z", "created_by": "base"}] * len(layers),
            "docker_version": "1.0",
        }
        data = json.dumps(config).encode()
        manifest = {
            "schemaVersion": 2,
            "mediaType": DOCKER_MANIFEST,
            "config": {"mediaType": DOCKER_CONFIG, "digest": self.registry.hold(repository, data), "size": len(data)},
            "layers": [{"mediaType": media_type, "digest": blob, "size": len(self.registry.blobs[blob])} for blob in blobs],
        }
        return self.registry.put(self.base, DOCKER_MANIFEST, json.dumps(manifest).encode())

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def image(
        self,
        *steps: Step,
        tag: str = "",
        name: str = "App/Function",
        repositories: Sequence[str] = (NAME,),
        packing: Packing = Packing(),
        **options: object,
    ) -> PublishImage:
        """An image of files and code; its tag is that of its context."""
        base = ImageReference.parse(f"{self.registry.host}/{self.base}")
        digest = self.registry.digest_of(self.base)
        document = json.loads(self.registry.manifests[self.base][1])
        platforms = {item["platform"]["architecture"]: item["digest"] for item in document.get("manifests", ())}
        kind = "index" if platforms else "manifest"
        pinned = "".join(f'{name} = "{found}"\n' for name, found in (platforms or {"amd64": digest}).items())
        lock = Lock.parse(
            f'version = 1\n\n[[image]]\nreference = "{base}"\ndigest = "{digest}"\nresolved = 2026-11-01\nkind = "{kind}"\n[image.platforms]\n{pinned}'
            + (f'[image.python]\namd64 = "{self.python}"\n' if self.python else "")
        )
        project = Project(self.root)
        spec = ImageSpec(runtime=self.runtime, architecture=self.architecture, base=str(base), steps=list(steps), **options)  # type: ignore[arg-type]
        made = plan(spec, replace(lock, packing=packing), project)
        context = build_context(made, project)
        directory = stage_context(context, project, self.root.parent / "out")
        kept = kept_plan(made, context, project)
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
