"""One image by both ways to it: published without an engine, and built by one."""

from __future__ import annotations

import subprocess

from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.credentials import DefaultCredentials
from optimizer.model.publication import LayerResult
from optimizer.publishing.images import PublishImage
from optimizer.publishing.publish import publish
from tests.engine.example import inspected


def published(image: PublishImage) -> list[LayerResult]:
    """The layers of an image that is published without an engine."""
    with HttpRegistry(DefaultCredentials()) as client:
        (result,) = publish([image], client, engine=False)
    return list(result.layers)


def built(image: PublishImage, name: str) -> dict[str, str]:
    """The layers above the base of the image as an engine builds it, by their stages."""
    argv = ["docker", "build", "--quiet", "--network", "host", "--platform", image.plan.platform, "--tag", name, "."]
    subprocess.run(argv, cwd=image.directory, check=True, timeout=900, capture_output=True)
    names = image.plan.layers
    return dict(zip(names, inspected(name)[0][-len(names) :], strict=True))
